"""Widgets: each renders a part of LabState; none reads a file or calls a verb.

view.py               what every tab is: shows the newest frame while it can be seen
strips.py             text as one line of the screen
lines.py              text to be read, drawn by the line          prose.py   Markdown, wrapped to its width
ledger_table.py       a table of which only lines that can be seen are drawn, with columns that fit its width
agents_table.py  devices_table.py  events_table.py  experiments_table.py  findings_table.py  messages_table.py
title_bar.py  note_bar.py  key_bar.py  hints.py  questions.py  agent_detail.py  numbers.py  choices.py  plot_lines.py
"""
