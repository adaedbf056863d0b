"""The command line: one file per verb (parse → one call → render), found by the table in main.py.

main.py      the table of verbs; loads a verb's file only when it is called
context.py   what verbs share: the lab, who speaks, how answers are printed
when.py      points in time as people type them
"""
