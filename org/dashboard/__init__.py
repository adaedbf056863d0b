"""The dashboard: a Textual app that renders the ledger and decides nothing. Textual is imported only in here.

app.py          the app: tabs, keys, frames to views
keys.py         every key with its tooltip
verbs.py        what the dashboard may ask of the lab, as a protocol
asker.py        calls verbs in a thread and says what came of it
commands.py     the command palette's entry for every verb
state.py        LabState: one frozen frame that every view renders
follower.py     polls the ledger and files; turns every trouble into a note
watcher.py      the thread that looks twice a second
snapshot.py     one reading of the ledger
history.py      experiments and their values, read again only when an event names them
progress.py     how far a running run is, from the last line of its metrics.jsonl
notes.py        what a person must know at once: trouble, pauses, a silent supervisor
curve.py        dots, staircase and noise band of the plot, as numbers
symbols.py      a symbol and words for every state, so that colour is never the only signal
figures.py      numbers, times and bars as text
palette.py      two themes, and the colours that cells and plots take from the present one
screens/        one tab or dialogue a file
widgets/        one widget a file
"""
