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
footprints.py   what a change touches, apart from how it is written
tried.py        what was tried, in lines
likeness.py     which texts speak of the same thing
repeats.py      was this tried before: refused when equal, told when near
lessons.py      what was learned, by what was worked on; found by words
noise.py        the noise of a head in words: which gains can be seen
stops.py        the stop rule of a brief: how near, whether it fires
situation.py    org brief of an agent; overview.py of the chief
next_step.py    what an agent types next
decisions.py    which decisions wait for the chief
digests.py      letters to a chief with a model
steering.py     a person's direction, to whom it reaches
sweeps.py       org sweep: ask for one, end one
prompting.py    the page an agent is given: role, brief, directions
review.py       approve or refuse what was proposed
studies/        everything but the race: curve, sentinel, noise, certificate, stack, ablation, rung, sweep
pools.py        baseline runs: find, fill, refresh
announce.py     tell author and chief what became of an experiment
judge.py        race decisions turned into runs or a verdict
continuing.py   org continue: a parked race goes on by so many runs
simplifying.py  the three answers to a simplification; the margin that noise suggests
explain.py      org explain: a race to check by hand; explain_page.py: in words
findings.py     org findings: what may be claimed
crashes.py      what a run that did not succeed means for its arm
labels.py       what explains a verdict at equal compute; buys the curve once
compute.py      what runs spent, by their records
curves.py       the points of a pool's compute curve
worth.py        is a kept change worth its code: by rule, the chief, or a person
gate.py         what stands between a keep and its merge
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
spending.py     what was spent: calls of models, dollars, device-hours
troubles.py    agents that a provider's error stopped, or that wait for a person
limits.py       what may be spent, asked before an agent is woken
admission.py    … and before a run starts
parking.py      warn at 80 %, ask for a hand-off, park, let go
credentials.py  a rate limit holds all that share its key
away.py         who cannot work just now, and which devices wait for them
backfill.py     runs for devices whose agents are away
standin.py      the offline proposer in the place of an agent that is away
idling.py       idle with work: told what to do next, boundedly
grinding.py     always the same surface, or the same refusal: told once
history.py      how fast, costly and noisy the lab's work is, by its ledger
forecast.py     what a night buys; forecast against fact
hygiene.py      disk: what may go, and when nothing may start
adopt.py        org adopt: merged changes as patches with their evidence
scaffold.py     org init: the files of a new lab
doctor/         org doctor: what would keep a lab from a good night

"""
