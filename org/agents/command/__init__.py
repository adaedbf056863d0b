"""Any other agent program, described by data: a YAML file says how it is started and what its screen looks like.

backend.py      the backend: files, command line, checks
program.py      a description, read and checked
role.py         how the role reaches a program that reads a file of its own name in its folder
screen.py       what a screen shows, by the patterns of a description
watcher.py      a pane as observations, from its screen alone
programs/       descriptions that come with org; another one is a file that `program_file` names
"""
