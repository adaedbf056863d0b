"""The Codex CLI as an agent: the real program in the pane, with a CODEX_HOME of its own in the agent's home.

backend.py       the backend: files, command line, checks
login.py         whose account or key it works with
settings.py      config.toml, from the person's own and ours
files.py         everything that is put into its CODEX_HOME
conversation.py  which conversation is the pane's own, and whether it can be taken up again
step.py          one thing that the program did, whichever source tells it
reports.py       steps from its hooks
rollout.py       steps and use of tokens from its session files
trouble.py       how a failed turn becomes a cause and a time
screen.py        what its screen shows, by the patterns of screens.yaml
watcher.py       all of it as observations
"""
