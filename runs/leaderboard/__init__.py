"""The board of time-to-GPT-2: every logged run, and records that are computed from them.

__main__.py   `python -m runs.leaderboard add | claim | check | show`
rows.py       the lines of leaderboard.jsonl as values: runs, records, references
campaign.py   the run folders of one campaign as rows
evidence.py   one-sided tests on few runs
rule.py       what makes a record, recomputed from the rows
table.py      the board for people
"""
