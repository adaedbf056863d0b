"""What the lab decides and does. Verbs call propose, ideas and ask; the supervisor calls the rest, one step a file.

lab.py          what every function here is given: config, paths, ledger, git, devices
prompts.py      the variables of roles and prompts
founding.py     root, agents and worktrees, made or brought up to the config
environment.py  prepare the task once; the digest of what makes two values comparable
guards.py       what a start refuses: idle GPUs, no data, a corpus read too often
seeds.py        the lab draws every seed
settings.py     the scale of a run: rung, depth, budget, devices; the screen's
briefs.py       read a program's brief
programs.py     open, assign, pause, close
ideas.py        the backlog
branches.py     an agent's next branch
propose.py      check a proposal and write it down
stops.py        the stop rule of a brief: how near, whether it fires
sweeps.py       org sweep: ask for one, end one
review.py       approve or refuse what was proposed
studies/        everything but the race: curve, sentinel, noise, certificate, stack, ablation, revert, rung, sweep
pools.py        baseline runs: find, fill, refresh
apart.py        many things, each apart: one that fails is not in the way of the next
announce.py     tell author and chief what became of an experiment
schedule.py     which queued run goes on which device
collect.py      outcomes of keepers, taken once
requests.py     what verbs asked of the supervisor
control.py      takeover and hand-back
standup.py      ask, wait, write the page
replies.py      what a person writes below that page becomes directions
post.py         deliver the outbox as files; defaults of questions
scratch.py      org try: uncounted runs on a leased device
pages.py        write notebook pages after what changed
attention.py    what a person is called for, each occurrence once
hygiene.py      disk: what may go, and when nothing may start
adopt.py        org adopt: merged changes as patches with their evidence
pictures.py     org plot: plots as drawings and text; files that are never written over others'
scaffold.py     org init: the files of a new lab
doctor/         org doctor: what would keep a lab from a good night

Packages, each with its own list:
screen/         One short run before the race, which may only discard.
verdicts/       From runs to a verdict that a person can check.
merging/        From a keep to the heads, and out of them again.
drift/          Have the devices changed? Sentinel runs of a baseline, and what their alarm sets off.
rungs/          The ladder: does it hold at larger scale?
devices/        What devices do, and what they do when nobody asks.
memory/         What was tried, and what was learned from it.
guiding/        What agents are told: their page, their next step, a direction, a warning.
spend/          What may be spent, what was, and what a night will.
report/         org report: a span of time; what a standup's page says.
publish/        org publish: one finding as a folder that stands alone.
export/         org export: the ledger as Parquet with a data dictionary.
"""
