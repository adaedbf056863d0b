"""From runs to a verdict that a person can check.

judge.py        race decisions turned into runs or a verdict
continuing.py   org continue: a parked race goes on by so many runs
simplifying.py  the three answers to a simplification; the margin that noise suggests
crashes.py      what a run that did not succeed means for its arm
labels.py       what explains a verdict at equal compute; buys the curve once
compute.py      what runs spent, by their records
curves.py       the points of a pool's compute curve
noise.py        the noise of a head in words: which gains can be seen
explain.py      org explain: a race to check by hand
page.py         … in words
findings.py     org findings: what may be claimed
"""
