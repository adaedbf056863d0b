"""`org doctor`: what would keep a lab from a good night, each with its fix. It changes nothing and leaves nothing behind,
needs no lab, and tells a broken config like anything else that is broken.

finding.py   one finding: fine, a warning, or a problem
subject.py   what is examined: the place, its config if it loads, the machine
examine.py   every check, one after another; one that fails is a finding itself
tools.py     Python, git, tmux, SQLite
files.py     the config, roles, keys written where they should not be, what git ignores
agents.py    the programs of the agents: there, tested, logged in, allowed to work, enough memory
sandbox.py   folders that cannot be written, programs whose sandbox hides devices
cards.py     devices: driver, foreign processes, modes, errors, clocks
task.py      the task's program; torch and attention kernels in its environment
disk.py      free space against what the ladder keeps; file systems
clock.py     the time, whether somebody keeps it, the timezone
sockets.py   the lab's tmux socket
ceilings.py  open files, inotify
"""
