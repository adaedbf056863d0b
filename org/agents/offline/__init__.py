"""The backend without a model: same protocol, same verbs, and the control arm that every other backend must beat.

recipe.py      read and edit the flat YAML of model and optimizer values
space.py       what a brief allows to be tried: ranges and choices per recipe key
trials.py      past experiments of a program as one-key changes with their effects
ideas.py       backlog lines that name a recipe key and a value
sampling.py    spaces as Optuna knows them
proposer.py    the next change (Optuna), pure
search.py      the next values of several keys at once, for sweeps; pure
hypothesis.py  that change as a hypothesis with a prediction
desk.py        what an offline agent has in hand: ledger, verbs, worktree, pane, clock
draft.py       the change in the making, kept on disk so that a death loses nothing
author.py      the making of proposals
junior.py      a junior's step
rota.py        a chief's decisions: which program opens, closes, gets whom; pure
orders.py      what a person's note to the chief asks for
chief.py       a chief's step
section.py     a junior's standup section; digest.py: the chief's
news.py        what changed in the ledger, as lines for the pane
pane.py        the terminal output
typed.py       the lines a person types; commands.py: what they do
loop.py        `run`: the pane's program
"""
