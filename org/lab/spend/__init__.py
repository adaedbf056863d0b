"""What may be spent, what was, and what a night will.

spending.py     calls of models, dollars, device-hours so far
limits.py       asked before an agent is woken
admission.py    … and before a run starts
parking.py      warn at 80 %, ask for a hand-off, park, let go
credentials.py  a rate limit holds all that share its key
away.py         who cannot work just now, and which devices wait for them
standin.py      the offline proposer in the place of an agent that is away
history.py      how fast, costly and noisy the lab's work is, by its ledger
forecast.py     what a night buys; forecast against fact
"""
