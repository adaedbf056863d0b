"""Plain types and their state machines; imports nothing of org.

errors.py      one tree of errors
names.py       what may become part of a path
machine.py     how a state machine is written and asked
program.py     a research question with a branch and a head
idea.py        a line in the backlog
experiment.py  a hypothesis and a commit range under judgement
run.py         one execution of the task
gang.py        the name of devices that one run has at once
pool.py        the baseline runs of one tree in one environment
agent.py       an instance of a role, its state and who controls it
direction.py   what a person wants of a program or an agent
message.py     what travels between mailboxes; questions to a person
nudge.py       a line that tells an agent to look at its mail, and what became of it
study.py       planned runs that answer one question of the lab
idle.py        what a device does, and why it idles
usage.py       what a call of a model cost
merge.py       a move of a program's head, from intent to done
request.py     what a verb asks of the supervisor
event.py       one line of history
standup.py     one day's standup
brief.py       a program's brief: front matter and prose
"""
