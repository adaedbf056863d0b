"""Claude Code as an agent: the real program in the pane, with a configuration folder of its own in the agent's home.

backend.py       the backend: checks, files, command line, screen
login.py         whose account or key it works with
settings.py      its settings: hooks, tools that it must not have, nothing that asks or calls home
files.py         everything that is put into the agent's home before a start
conversation.py  which conversation is the pane's own, and how it is taken up again
statusline.py    the program's status line: the agent's mail, and how full its context is; it runs alone, in the pane
alone.py         starts the program once no other one has its conversation; it runs alone, in the pane
live.py          what running programs say of themselves in their session files
hookrows.py      what its hooks told
transcript.py    what its transcript tells: prompts taken up or queued, interruptions, errors
prompts.py       the prompts of both, each once
spending.py      usage from all transcripts, each call once
turn.py          hooks, session file and screen as one state
screen.py        what its screen shows, by the patterns of screens.yaml
watcher.py       all of it as observations
"""
