"""`make simulate`: what the rules of org.science do over whole campaigns, by seeded simulation.

The simulated lab calls the very functions that the real one calls. Everything is in units of the run-to-run spread, which
is 1 here; a gain is positive when the candidate is better.

world.py      true effects, and how much of a run's noise a candidate shares with its base
lab.py        a head with its pool; one candidate raced, run by run, through race.decide
nulls.py      campaigns of changes without any effect: does anything get kept, and what does a try cost
power.py      how often a change of a given size is kept
progress.py   campaigns on a realistic mix of effects: true progress per run, against one-run keep-if-lower
screening.py  the same with a screen of short runs
drift.py      a device that becomes better: a stale pool against sentinels
claims.py     certificates over a stream of merges
study.py      all of it, in chunks for several processes
numbers.py    shares, means and their standard errors
kept.py       the gains that a race keeps: the table of org.science.rules.Power
report.py     docs/simulation.md with its tables, and the bounds that must hold
plot.py       its picture, as SVG
"""
