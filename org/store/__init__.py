"""What is kept: the ledger (SQLite), the names of every path, files written whole.

layout.py       the name of every path of a lab
atomic.py       files written beside and moved
ledger.py       the database: open, migrate, transactions
rows.py         dataclass ⇄ row
secrets.py      keys kept out of what is written
tables.py       one Table per type
events.py       the append-only history
experiments.py  the one way an experiment moves
runs.py         the one way a run moves
programs.py     the one way a program moves
agents.py       state, control and assignment of agents
studies.py      planned runs: asked for, settled
idle.py         devices without a run, and why
nudges.py       lines that tell agents of their mail
draws.py        which agent has which idea of the backlog in hand
steering.py     directions of a person
mail.py         messages and questions, as outbox and index
meta.py         the lab's own facts: seeds, root, flags
requests.py     what verbs ask of the supervisor
reads.py        the questions that several faces ask
migrations/     numbered SQL, applied in order, never edited once released
"""
