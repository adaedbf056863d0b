"""What was tried, and what was learned from it.

footprints.py  what a change touches, apart from how it is written
tried.py       what was tried, in lines
likeness.py    which texts speak of the same thing
repeats.py     was this tried before: refused when equal, told when near
lessons.py     what was learned, by what was worked on; found by words
"""
