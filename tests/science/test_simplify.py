"""Not worse by more than a margin: three answers, and going on when asked."""

from hypothesis import given, settings
from hypothesis import strategies as st

from org.science import race, simplify
from org.science.decision import Verdict
from org.science.protocol import Protocol
from org.science.simplify import Answer, Simplification

P = Protocol()
H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
MARGIN = 8e-4


def answer(cand: list[float], margin: float = MARGIN, protocol: Protocol = P) -> Simplification:
    decision = race.decide(H, cand, sigma0=5.5e-4, df0=10, claim_margin=margin, protocol=protocol)
    return simplify.answer(H, cand, margin, decision, protocol)


def test_a_harmless_deletion_has_no_regression_beyond_the_margin():
    jitter = [1e-5, -1e-5, 2e-5, 0, 1e-5, -2e-5, 0, 1e-5]
    got = answer([h + j for h, j in zip(H, jitter, strict=True)])
    assert got.answer is Answer.HOLDS and got.reason.startswith("no regression beyond 0.0008: gain")


def test_a_real_regression_is_told_with_its_size():
    got = answer([h + 3e-3 for h in H[:2]])
    assert got.answer is Answer.REGRESSES and got.e_regression >= 20
    assert got.reason == f"regresses by 0.00318 ± 0.00042: e {got.e_regression:.3g} for a regression after 2 runs"


def test_too_little_evidence_says_how_many_runs_more_would_decide():
    got = answer([0.99500, 0.99640, 0.99520])
    assert got.answer is Answer.CANNOT_TELL and got.more_runs is not None
    assert got.reason.endswith(f"about {got.more_runs} more would decide")


def test_as_many_more_runs_at_that_mean_do_decide():
    cand = [0.99620]
    first = answer(cand)
    assert first.answer is Answer.CANNOT_TELL
    longer = simplify.continued(P, 1, first.more_runs)
    done = cand * (1 + first.more_runs)
    assert answer(done, protocol=longer).answer in (Answer.HOLDS, Answer.REGRESSES)


def test_what_no_number_of_runs_decides_is_said():
    got = answer([0.9951, 0.9951], margin=1e-4)
    assert (got.answer, got.more_runs) == (Answer.CANNOT_TELL, None)
    assert got.reason.endswith("not even 64 more would decide; a wider margin would")


def test_an_open_race_has_no_answer_yet():
    assert answer([0.99480]).answer is Answer.OPEN
    assert simplify.answer([], [], MARGIN, race.decide([], [], protocol=P), P).answer is Answer.OPEN


def test_runs_that_were_asked_for_are_made_whatever_the_futility_bars_say():
    longer = simplify.continued(P, 2, 3)
    cand = [0.9958, 0.9959]
    looks = [race.decide(H, cand * k, sigma0=5.5e-4, df0=10, claim_margin=MARGIN, protocol=longer).verdict for k in (1, 2)]
    assert looks == [Verdict.MORE, Verdict.MORE]
    five = race.decide(H, [*cand, 0.9958, 0.9959, 0.9958], sigma0=5.5e-4, df0=10, claim_margin=MARGIN, protocol=longer)
    assert five.verdict is Verdict.DISCARD and "5 runs, the most that are spent" in five.reason
    assert "was asked to go on" in race.decide(H, cand, sigma0=5.5e-4, df0=10, claim_margin=MARGIN, protocol=longer).reason


@settings(deadline=None)
@given(st.lists(st.floats(0.993, 0.997), min_size=1, max_size=8), st.floats(1e-5, 5e-3), st.floats(0, 5e-3))
def test_a_wider_margin_never_turns_a_pass_into_a_failure(cand, margin, wider):
    if answer(cand, margin).answer is Answer.HOLDS:
        assert answer(cand, margin + wider).answer is Answer.HOLDS
