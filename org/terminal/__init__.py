"""The terminal: one tmux server per lab, one pane per agent. The only room that imports libtmux.

server.py        one door to tmux: chained commands with a deadline, a clean environment; is tmux here and new enough
address.py       where the lab's socket lies
conf.py          the lab's own tmux.conf: borders, status lines, the four keys
launch.py        runs inside a pane around its program and writes down how it ended
panes.py         what a pane should be, what it is, and how tmux tells it
grid.py          the grid: create, adopt, respawn, titles, look, end
delivery.py      one line typed into a pane, safely
attach.py        how a person gets in, and who is there
tether.py        a program ends with its terminal
"""
