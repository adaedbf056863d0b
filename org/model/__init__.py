"""Plain types and their state machines; imports nothing of org.

errors.py      one tree of errors
machine.py     how a state machine is written and asked
program.py     a research question with a branch and a head
idea.py        a line in the backlog
experiment.py  a hypothesis and a commit range under judgement
run.py         one execution of the task
pool.py        the baseline runs of one tree in one environment
agent.py       an instance of a role, its state and who controls it
message.py     what travels between mailboxes; questions to a person
merge.py       a move of a program's head, from intent to done
request.py     what a verb asks of the supervisor
event.py       one line of history
standup.py     one day's standup
brief.py       a program's brief: front matter and prose
"""
