"""One short run before the race, which may only discard.

screening.py  ask for it, look at it
screens.py    whether there is a screen, and how far it is trusted
page.py       in org explain
"""
