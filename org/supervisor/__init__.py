"""The supervisor: one loop, one step a file, each step safe to repeat.

office.py    what the supervisor holds: lab, grid, panes, memory between ticks
desk.py      one agent as the office deals with it
loop.py      tick(now): mail → hearing → nudging → runs → verdicts → guidance → schedule → timeline →
             health → standup → attention; the loop
lock.py      one supervisor per lab
mail.py      requests of verbs, letters of the outbox
hearing.py   what agents do becomes their state; a typed prompt becomes a takeover
nudging.py   agents are told of their mail, safely; wake.py: lines that a hook waits for
runs.py      outcomes of keepers
verdicts.py  review, races, merges, notebook pages
guidance.py  what the office says of its own accord: limits, next steps, digests; stand-ins
schedule.py  queued runs to free devices
timeline.py  what each device does, or why it idles
health.py    panes, agents' states, disk
silence.py   agents that work without a sign of life
leases.py    panes that a person took and left
titles.py    what stands on the pane borders
standup.py   the standup at its time
attention.py a person is called: bell, desktop, a program of theirs; desktop.py: the door to their desktop
"""
