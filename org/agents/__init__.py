"""Agents: what sits in a pane. Every agent speaks through the `org` verbs and its mailbox, whatever it is made of.

backend.py   what a backend is, and the seat that it is given
observation.py  what is known of an agent from outside
registry.py  the backends by name
own_pane.py  backends that are our own program in the pane
hook.py      what the hooks of coding agents' programs run
guard.py     the hook that refuses commands which would hurt other agents
waker.py     the hook that waits for mail and wakes its program without a key
tail.py      new lines of a file that grows
hooks.py     the file where a pane says what it does
verbs.py     the `org` program as an agent calls it
worktree.py  what an agent needs of git, as a protocol; checkout.py: that protocol on the workspace's git
briefing.py  roles and prompts rendered; a missing variable is an error
replay.py    the backend that plays a script; script.py: its steps
api/         the backend that is our own agent on a provider's API
claude/      the backend that is Claude Code
codex/       the backend that is the Codex CLI
command/     the backend that is any program which a YAML file describes
human.py     the backend that is a person at a shell
offline/     the backend without a model: a chief by rule, juniors by Optuna
"""
