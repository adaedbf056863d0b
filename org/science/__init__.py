"""How a verdict is reached: pure functions from numbers to decisions. No files, no clock, no randomness.

Lower is better everywhere in this package; a metric where higher is better is negated once, by the caller. A gain
g > 0 means that the candidate is better. Nothing of org is imported except org.model.

protocol.py   the constants of the race as one frozen value, with presets explore, default, strict
decision.py   what the race answers: Verdict, Cause, Decision
sigma.py      the run-to-run spread, pooled over heads, with its degrees of freedom
tails.py      Student's t and the normal: the one door to scipy.special
pairs.py      same-seed differences of both arms
evidence.py   two e-values: candidate against pool, and same-seed pairs
luck.py       how good the best of many looks by luck alone
claim.py      the gain to report, shrunk towards the prior of true effects
forecast.py   what a race sees and costs, found by playing it
race.py       decide(): keep, discard, or which runs come next

What surrounds the race:
rules.py        the constants of everything below, one value a topic
projection.py   evidence after more runs, if they went on as those so far
outlook.py      what would change a verdict: the next value, runs to go, how far it missed
explain.py      every intermediate of a decision, for a person to check
power.py        the gain that a race keeps half of the time and four times in five; the default margin
simplify.py     "not worse by more than a margin": three answers
rank.py         weighted rank correlation
screen.py       short runs that may only discard, and how far they are trusted
curve.py        the baseline's loss over compute, with a prediction and its error
labels.py       what explains a gain: algorithm, compute, parameters, speed
drift.py        sentinels: one far off, or many a little off
stack.py        accepted changes measured together, and which one to leave out
ablation.py     what a change loses without one of its parts
ladder.py       promotion to larger depths, bundles, rungs that lose their say
certificate.py  fresh runs for what is reported (e-LOND), and the headline
validity.py     when a run does not count, and how often it is repeated
noise.py        the run-to-run spread split into data order, initialization, device
scores.py       whose ideas are good: hit rate, calibration of predictions, plain value tweaks
"""
