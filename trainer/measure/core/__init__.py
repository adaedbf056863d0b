"""The CORE metric: 22 tasks of Li et al. 2024 (DCLM, arXiv 2406.11794), each accuracy centered on its random baseline.

command.py      the command line of `python -m trainer core`
bundle.py       the evaluation bundle on disk: its tasks, their items, what it lacks
prompts.py      the texts of an item: examples before it, one text an option
rows.py         texts as tokens, and which of them are scored
batches.py      rows of similar length side by side
grading.py      batches asked, answers graded: mean loss and exact match, and the checks of a model
evaluation.py   a run's CORE: all tasks over one or several hosts, and what has to hold before
result.py       accuracies into centered numbers, their mean and its error
table.py        the same for people
"""
