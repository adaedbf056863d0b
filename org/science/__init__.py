"""How a verdict is reached: pure functions from numbers to decisions. No files, no clock, no randomness.

Lower is better everywhere in this package; a metric where higher is better is negated once, by the caller. A gain
g > 0 means that the candidate is better. Nothing of org is imported except org.model.

protocol.py   the constants of the race as one frozen value, with presets explore, default, strict
decision.py   what the race answers: Verdict, Cause, Decision
sigma.py      the run-to-run spread, pooled over heads, with its degrees of freedom
tails.py      Student's t and the normal: the one door to scipy.special
pairs.py      same-seed differences of both arms
evidence.py   two e-values: candidate against pool, and same-seed pairs
claim.py      the gain to report, shrunk towards the prior of true effects
race.py       decide(): keep, discard, or which runs come next

Still to come, one file each: screen (short runs that may only discard), labels (compute-matched curve and label),
drift (sentinel and CUSUM), stack (merged gains measured together), ladder (promotion to larger depths), certificate
(fresh runs for what is reported).
"""
