"""The supervisor: one loop, one step a file, each step safe to repeat.

office.py    what the supervisor holds: lab, grid, panes, memory between ticks
loop.py      tick(now): mail → runs → verdicts → schedule → health → standup; and the loop around it
lock.py      one supervisor per lab
mail.py      requests of verbs, letters of the outbox
runs.py      outcomes of keepers
verdicts.py  review, races, merges, notebook pages
schedule.py  queued runs to free devices
health.py    panes, agents' states, disk
titles.py    what stands on the pane borders
standup.py   the standup at its time
"""
