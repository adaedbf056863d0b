"""The backend `api`: our own small interactive agent on the Messages or the Responses protocol.

backend.py       the backend as the office sees it; watcher.py follows it; rows.py: what its pane writes for the office
play.py          puts an agent together and runs it in a terminal; options.py: its entry of the config, with defaults
screen.py        the one door to prompt_toolkit: the input box, the bar, what is said above
agent.py         one turn after the other: typed words, mail (letters.py), what a crash left
turn.py          a turn; asking.py: one answer, with its waits; summary.py: compaction; instructions.py: the system text
conversation.py  the conversation as items; transcript.py: on disk; desk.py: both, and what every part shares
tally.py         tokens and dollars for the person at the pane
model.py         what a provider has to be able to do; trouble.py: what can go wrong, and how long to wait
messages.py      the one door to the anthropic SDK; responses.py: to the openai SDK
toolbox.py       the tools; process.py: commands; files.py: read and edit; search.py: searching without ripgrep;
                 paths.py: which files they may touch; quoting.py: what others wrote, marked as data
"""
