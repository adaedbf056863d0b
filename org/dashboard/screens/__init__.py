"""One tab or dialogue a file.

overview.py  experiments.py  programs.py  findings.py  plot.py  standup.py  messages.py  devices.py  log.py    the tabs, 1 to 9
page.py      an experiment: its page, diff, evidence     form.py    what is typed for a verb
said.py      what a verb said                            help.py    keys and symbols
finder.py    the palette: every verb by its name         ground.py  the screen with the tabs
once.py      what every screen is: drawn once for a key  dialogue.py  what every dialogue is: it lies on the dimmed screen
"""
