"""Agents: what sits in a pane. Every agent speaks through the `org` verbs and its mailbox, whatever it is made of.

backend.py   what a backend is: its pane command, its reported state, how it is nudged; the backends by name
hooks.py     the file where a pane says what it does
verbs.py     the `org` program as an agent calls it
worktree.py  what an agent needs of git, as a protocol; checkout.py: that protocol on the workspace's git
briefing.py  roles and prompts rendered; a missing variable is an error
replay.py    the backend that plays a script; script.py: its steps
offline/     the backend without a model: a chief by rule, juniors by Optuna
"""
