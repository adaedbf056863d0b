"""The ladder: does it hold at larger scale?

ladder.py    what each change did on each rung, where it may go next
promote.py   org promote: up the ladder, by a yes or by itself
offers.py    what may go
forecast.py  its cost, and what that would show
page.py      in words
"""
