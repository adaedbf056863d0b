"""`make bench`: what the lab costs, measured; no figure here is a test.

lab.py         labs for benches: the fit task with any number of agents, or a clone of this repository
panes.py       panes up for 8 and 64 agents
delivery.py    a message, from its verb to its file
supervisor.py  the supervisor's CPU share with 64 idle agents
overhead.py    seconds of a run that are neither training nor evaluation
verdicts.py    verdicts per device-hour
decision.py    one look of the race
dashboard.py   first paint, keys, CPU share and memory of the dashboard on large labs
terminal.py    a program in a terminal of its own, for the one above
trainer.py     the shared trainer beside another one, on a CPU or a GPU (`make bench-trainer`)
contenders.py  … how each of the two is run and read
against/       what the other one imports as its prepare.py
planted.py     changes of known worth on the real trainer: which are merged, labelled, invalid
"""
