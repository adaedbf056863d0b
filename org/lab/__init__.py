"""What the lab decides and does. Verbs call propose, ideas and ask; the supervisor calls the rest, one step a file.

lab.py          what every function here is given: config, paths, ledger, git, devices
prompts.py      the variables of roles and prompts
founding.py     root, agents and worktrees, made or brought up to the config
environment.py  prepare the task once; the digest of what makes two values comparable
seeds.py        the lab draws every seed
briefs.py       read a program's brief
programs.py     open, assign, pause, close
ideas.py        the backlog
branches.py     an agent's next branch
propose.py      check a proposal and write it down
review.py       approve or refuse what was proposed
pools.py        baseline runs: find, fill, refresh
announce.py     tell author and chief what became of an experiment
judge.py        race decisions turned into runs or a verdict
crashes.py      what a run that did not succeed means for its arm
merge.py        the merge queue: one at a time
recheck.py      a change whose head moved: rebase, four runs
heads.py        moves of a head: intent, ref, done
headline.py     head against root on fresh seeds
schedule.py     which queued run goes on which device
collect.py      outcomes of keepers, taken once
requests.py     what verbs asked of the supervisor
control.py      takeover and hand-back
standup.py      ask, wait, write the page
post.py         deliver the outbox as files; defaults of questions
scratch.py      org try: uncounted runs on a leased device
pages.py        write notebook pages after what changed
hygiene.py      disk: what may go, and when nothing may start

Not here yet, each with its place: screen, labels, drift, ablate, stack, promote, certify (STATISTICS.md).
"""
