"""One tab or dialogue a file.

overview.py  experiments.py  programs.py  plot.py  standup.py  messages.py  log.py    the tabs, 1 to 7
page.py      an experiment's notebook page       reply.py    an answer to a message       help.py    keys and symbols
"""
