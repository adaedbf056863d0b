"""Have the devices changed? Sentinel runs of a baseline, and what their alarm sets off.

drifting.py   when a sentinel is due, what its alarm sets off
freezing.py   nothing is merged while a drift is looked into
reopening.py  what was decided while the devices had drifted, opened again
page.py       in words
"""
