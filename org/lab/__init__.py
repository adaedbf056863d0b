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
screening.py    one short run before the race, which may only discard; screen_page.py: in org explain
screens.py      whether there is a screen, and how far it is trusted
judge.py        race decisions turned into runs or a verdict
continuing.py   org continue: a parked race goes on by so many runs
simplifying.py  the three answers to a simplification; the margin that noise suggests
explain.py      org explain: a race to check by hand; explain_page.py: in words
findings.py     org findings: what may be claimed
ladder.py       what each change did on each rung, where it may go next
promote.py      org promote: up the ladder, by a yes or by itself; promote_offers.py: what may go;
                promote_forecast.py: its cost; promote_page.py: in words
crashes.py      what a run that did not succeed means for its arm
labels.py       what explains a verdict at equal compute; buys the curve once
compute.py      what runs spent, by their records
curves.py       the points of a pool's compute curve
worth.py        is a kept change worth its code: by rule, the chief, or a person
gate.py         what stands between a keep and its merge
merge.py        the merge queue: one at a time
recheck.py      a change whose head moved: rebase, four runs
drifting.py     when a sentinel is due, what its alarm sets off; drift_page.py: in words
freezing.py     nothing is merged while a drift is looked into
reopening.py    what was decided while the devices had drifted, opened again
heads.py        moves of a head, a program's or the lab's: intent, ref, done
arrivals.py     what the ledger says once a head has moved
stacks.py       the lab's head: what is in it, what is measured for it next; stack_trees.py: the trees
ablate.py       org ablate: ask what each part of a change does; ablate_parts.py: its parts, the tree without each
revert.py       org revert: a merge out of the heads again
roots.py        org root: a person's commit under the heads
headline.py     head against root on fresh seeds
schedule.py     which queued run goes on which device
gangs.py        runs on several devices at once: what is kept free for them
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
backfill.py     what idle devices do: the best offer per device-second; offers/: what there is to do
value.py        what a run on an idle device is worth
timeline.py     what each device did; timeline_causes.py: why one idles; timeline_read.py, timeline_page.py: shares, a chart
strangers.py    programs on the lab's GPUs that hold no lock
standin.py      the offline proposer in the place of an agent that is away
idling.py       idle with work: told what to do next, boundedly
grinding.py     always the same surface, or the same refusal: told once
history.py      how fast, costly and noisy the lab's work is, by its ledger
forecast.py     what a night buys; forecast against fact
attention.py    what a person is called for, each occurrence once
hygiene.py      disk: what may go, and when nothing may start
adopt.py        org adopt: merged changes as patches with their evidence
pictures.py     org plot: plots as drawings and text; files that are never written over others'
reporting.py    org report: a span of time as blocks; reporting_html.py: as Markdown or one HTML file
publishing.py   org publish: a folder that stands alone; publishing_facts.py: what it states; publishing_card.py: its README;
                publishing_script.py: reproduce.sh
exporting.py    org export: the ledger as Parquet; exporting_columns.py: the data dictionary; exporting_words.py: README and
                schema from it; exporting_parquet.py: the door to pyarrow; exporting_files.py: a folder that org fills
scaffold.py     org init: the files of a new lab
doctor/         org doctor: what would keep a lab from a good night

"""
