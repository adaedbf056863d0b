"""Widgets: each renders a part of LabState; none reads a file or calls a verb.

view.py               what every tab is: shows the newest frame while it can be seen
ledger_table.py       a table that updates cells, with columns that fit its width
agents_table.py  devices_table.py  experiments_table.py  findings_table.py  messages_table.py
title_bar.py  note_bar.py  questions.py  agent_detail.py  numbers.py  curve_plot.py
"""
