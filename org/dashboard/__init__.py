"""The dashboard: a Textual app that renders the ledger and decides nothing. Textual is imported only in here.

app.py          the app: tabs, keys, frames to views
selection.py    what a person has selected, on which keys act
keys.py         every key with its tooltip
verbs.py        what the dashboard may ask of the lab, as a protocol
actions.py      every verb as a person asks for it: on what, with which key, what has to be typed
asker.py        calls verbs in a thread and shows what they said
commands.py     the command palette's entry for every verb, and which of them a person means
state.py        LabState: one frozen frame that every view renders
follower.py     polls the ledger and files; turns every trouble into a note
watcher.py      the thread that looks twice a second
snapshot.py     one reading of the ledger
points.py       every experiment as a light row, read again only when an event names it
drawings.py     the plots of org.plots, read again only where something happened that they show
listing.py      one page of the experiments, filtered and sorted by the ledger
costs.py        tokens, dollars, device-hours, and what is left of the limits
machines.py     the devices: who is on them, how much they were used, why they idle
curtain.py      what keeps a screen as it is until all that a key changes has changed
escape.py       how soon a lone Esc is noticed
rests.py        when memory is tidied: while the person rests
prose.py        Markdown as lines of a screen
certificates.py what is in a head, with its certificate
details.py      what is behind a line: page, diff
thread.py       the letters that belong together
month.py        a calendar of standups
progress.py     how far a running run is, from the last line of its metrics.jsonl
notes.py        what a person must know at once: trouble, pauses, a silent supervisor
symbols.py      a symbol and words for every state, so that colour is never the only signal
figures.py      numbers, times and bars as text
palette.py      two themes, and the colours that cells and plots take from the present one
screens/        one tab or dialogue a file
widgets/        one widget a file
"""
