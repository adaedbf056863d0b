"""Screens with played runs: who is screened, against what, what follows, and that nothing of it is evidence."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import Result
from laboratory import Laboratory
from played import Played, crash, value

from org.lab import seeds
from org.lab.screen import screening, screens
from org.model.experiment import Claim, State
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.runs.spec import End, Outcome
from org.science import screen
from org.science.screen import Pair
from org.store import mail, reads
from org.store.tables import EVENTS, EXPERIMENTS, POOLS, RUNS

GOOD, BAD = 0.2, -0.2  # far beyond any noise of a played run


def of(lab: Played, id: str, purpose: Purpose) -> list[Run]:
    return [r for r in lab.runs(id) if r.purpose is purpose]


def coin(lab: Played, id: str) -> float:
    return seeds.screen_coin(lab.lab.ledger.reader, id)


def no_bypass(lab: Played) -> None:
    rules = replace(lab.lab.protocol.screen, bypass_share=0.0)
    lab.office.lab = lab.lab = replace(lab.lab, protocol=replace(lab.lab.protocol, screen=rules))


def always_bypass(lab: Played) -> None:
    rules = replace(lab.lab.protocol.screen, bypass_share=1.0)
    lab.office.lab = lab.lab = replace(lab.lab, protocol=replace(lab.lab.protocol, screen=rules))


def test_an_idea_is_screened_at_a_quarter_of_the_budget_and_then_races(screened: Played) -> None:
    made = screened.change("junior-1", GOOD, lr=0.3)
    screened.until(screened.settled(made.id))
    after, short = screened.experiment(made.id), of(screened, made.id, Purpose.SCREEN)
    assert after.state is State.MERGED and after.screen["outcome"] == "passed"
    assert [r.budget for r in short] == ["25step"] and {r.budget for r in of(screened, made.id, Purpose.RACE)} == {"100step"}
    kinds = [e.kind for e in EVENTS.select(screened.lab.ledger.reader, "WHERE subject = ? ORDER BY id", made.id)]
    assert kinds.index("experiment.screening") < kinds.index("experiment.screened") < kinds.index("experiment.racing")


def test_a_failed_screen_discards_without_a_full_run_and_says_why(screened: Played) -> None:
    no_bypass(screened)
    made = screened.change("junior-1", BAD, lr=0.3)
    screened.until(screened.settled(made.id))
    after = screened.experiment(made.id)
    assert after.state is State.DISCARDED and not of(screened, made.id, Purpose.RACE)
    assert after.reason.startswith("screen z -") and "is under 0.5" in after.reason and "it was not raced" in after.reason
    assert "one run of 25step against 4 of its base" in after.reason
    letters = [m for m in mail.of_reader(screened.lab.ledger.reader, "junior-1") if m.kind == "verdict"]
    assert [m.subject.split(":")[0] for m in letters] == [f"{made.id} discarded"] and "screen z" in letters[0].body


def test_the_screen_has_a_pool_and_seeds_of_its_own(screened: Played) -> None:
    made = screened.change("junior-1", GOOD, lr=0.3)
    screened.until(screened.settled(made.id))
    con, after = screened.lab.ledger.reader, screened.experiment(made.id)
    base = reads.pool_runs(con, after.screen_pool or 0)
    assert [r.purpose for r in base] == [Purpose.SCREEN_POOL] * 4 and {r.budget for r in base} == {"25step"}
    short = of(screened, made.id, Purpose.SCREEN)[0]
    full = {r.seed for r in RUNS.select(con) if r.budget == "100step"}
    assert len({short.seed, *(r.seed for r in base)}) == 5 and not full & {short.seed, *(r.seed for r in base)}
    assert short.seed == seeds.screen_seed(con, short.slot) and short.slot >= 4


def test_nothing_of_a_screen_enters_the_race(screened: Played) -> None:
    screened.ends = lambda run: (
        Outcome(run.id, End.SUCCEEDED, metric=-50.0 if run.purpose is Purpose.SCREEN else 90.0, total_seconds=9.0)
        if run.budget == "25step" else None
    )  # fmt: skip
    made = screened.change("junior-1", -0.05, lr=0.3)
    screened.until(screened.settled(made.id))
    after = screened.experiment(made.id)
    assert after.screen["outcome"] == "passed" and after.state is State.DISCARDED
    assert -0.1 < after.decision["gain"] < 0 and after.decision["base_runs"] <= 8 and after.decision["sigma"] < 0.05


def test_a_failed_screen_that_is_drawn_races_all_the_same(screened: Played) -> None:
    always_bypass(screened)
    made = screened.change("junior-1", BAD, lr=0.3)
    screened.until(screened.settled(made.id))
    after = screened.experiment(made.id)
    assert after.screen["outcome"] == "bypassed" and after.state is State.DISCARDED
    assert len(of(screened, made.id, Purpose.RACE)) == 1 and after.reason.startswith(("z ", "pair z"))


def test_the_draw_is_the_labs_and_the_same_at_every_look(screened: Played, reopened: Callable[[Laboratory], Played]) -> None:
    ids = [f"E{n}" for n in range(1, 2001)]
    coins = [coin(screened, id) for id in ids]
    assert all(0 <= c < 1 for c in coins) and abs(sum(c < 0.05 for c in coins) - 100) < 30
    screened = reopened(screened)
    assert [coin(screened, id) for id in ids] == coins
    screened.lab.ledger.close()


def test_a_simplification_is_screened_with_its_margin(screened: Played) -> None:
    no_bypass(screened)
    for agent, margin, state in (("junior-1", 0.3, "passed"), ("junior-2", 0.001, "failed")):
        screened.edit(agent, {"fit/recipe.yaml": lambda text, margin=margin: text + f"# {margin}\n"})
        screened.edit(agent, {"fit/model.py": lambda text, margin=margin: text + f"\nX = {margin}\n"})
        made = screened.propose(agent, claim=Claim.SIMPLIFY, margin=margin)
        screened.gains[made.run_tree] = -0.1
        screened.until(lambda id=made.id: bool(screened.experiment(id).screen))
        told = screened.experiment(made.id).screen
        assert told["outcome"] == state and told["margin"] == margin and "its margin" in told["reason"]


def test_a_screen_that_crashes_is_run_again_once_and_then_ends_the_experiment(screened: Played) -> None:
    screened.ends = lambda run: crash(run) if run.purpose is Purpose.SCREEN else None
    made = screened.change("junior-1", GOOD, lr=0.3)
    screened.until(screened.settled(made.id))
    after, short = screened.experiment(made.id), of(screened, made.id, Purpose.SCREEN)
    assert (after.state, after.reason) == (State.FAILED, "crash: boom") and [r.attempt for r in short] == [1, 2]


def test_a_model_that_the_scorer_refuses_at_its_screen_is_invalid(screened: Played) -> None:
    screened.ends = lambda run: (
        Outcome(run.id, End.INVALID, reason="it sees the future", result={"valid": False, "value": None})
        if run.purpose is Purpose.SCREEN else None
    )  # fmt: skip
    made = screened.change("junior-1", GOOD, lr=0.3)
    screened.until(screened.settled(made.id))
    assert (screened.experiment(made.id).state, screened.experiment(made.id).reason) == (State.INVALID, "it sees the future")


def test_a_cancelled_screen_leaves_the_baselines_that_others_wait_for(screened: Played) -> None:
    one, two = screened.change("junior-1", GOOD, lr=0.3), screened.change("junior-2", GOOD, lr=0.4)
    screened.held = True
    screened.ticks(2)
    assert screened.ask("cancel", experiment=one.id).answer == f"{one.id} is cancelled"
    screened.held = False
    screened.until(screened.settled(two.id))
    ended = {r.purpose: r.state for r in screened.runs(one.id)}
    assert ended == {Purpose.SCREEN: RunState.CANCELLED, Purpose.SCREEN_POOL: RunState.SUCCEEDED}


def test_a_kill_at_any_tick_repeats_nothing(screened: Played, reopened: Callable[[Laboratory], Played]) -> None:
    made = screened.change("junior-1", GOOD, lr=0.3)
    lab = screened
    for _ in range(100):
        if not lab.experiment(made.id).is_open:
            break
        lab.ticks(1)
        screening.step(lab.lab, lab.now())
        lab = reopened(lab)
    assert lab.experiment(made.id).state is State.MERGED
    kinds = [(r.purpose, r.slot) for r in lab.runs(made.id)]
    assert len(kinds) == len(set(kinds)) and len(of(lab, made.id, Purpose.SCREEN)) == 1
    con = lab.lab.ledger.reader
    assert EVENTS.count(con, "WHERE kind = 'experiment.screened'") == 1
    lab.lab.ledger.close()


def test_a_task_edited_under_a_screen_starts_it_over(screened: Played) -> None:
    made = screened.change("junior-1", GOOD, lr=0.3)
    screened.held = True
    screened.ticks(2)
    before = screened.experiment(made.id).screen_pool
    task = screened.lab.config.task
    rung = task.ladder[0].model_copy(update={"run_budget": "200step"})
    config = screened.lab.config.model_copy(update={"task": task.model_copy(update={"ladder": (rung,)})})
    screened.office.lab = screened.lab = replace(screened.lab, config=config)
    screened.held = False
    screened.until(screened.settled(made.id))
    after = screened.experiment(made.id)
    assert after.state is State.MERGED and after.screen_pool != before and after.screen["budget"] == "50step"
    assert [r.budget for r in of(screened, made.id, Purpose.SCREEN) if r.state is RunState.SUCCEEDED] == ["50step"]


def test_switched_off_while_it_waits_it_races_unscreened(screened: Played) -> None:
    made = screened.change("junior-1", GOOD, lr=0.3)
    screened.held = True
    screened.ticks(2)
    protocol = screened.lab.config.protocol.model_copy(update={"screen": "off"})
    config = screened.lab.config.model_copy(update={"protocol": protocol})
    screened.office.lab = screened.lab = replace(screened.lab, config=config)
    screened.ticks(1)
    assert screened.experiment(made.id).state is State.RACING
    assert "protocol.screen is off" in screened.experiment(made.id).reason
    screened.held = False
    screened.until(screened.settled(made.id))
    assert screened.experiment(made.id).state is State.MERGED and not screened.experiment(made.id).screen


def test_by_itself_it_is_on_where_a_full_run_takes_long(labs: Callable[..., Played]) -> None:
    lab = labs("{}")
    seconds = [200.0]
    lab.ends = lambda run: Outcome(run.id, End.SUCCEEDED, metric=value(run, lab.gains), total_seconds=seconds[0])
    first = lab.change("junior-1", BAD, lr=0.3)
    lab.until(lab.settled(first.id))
    assert not lab.experiment(first.id).screen, "nobody knew yet how long a run takes"
    assert screens.switch(lab.lab).on
    second = lab.change("junior-1", BAD, lr=0.4)
    lab.until(lab.settled(second.id))
    assert lab.experiment(second.id).screen["outcome"] in ("failed", "bypassed")


def test_by_itself_it_stays_off_where_a_full_run_is_short(labs: Callable[..., Played]) -> None:
    lab = labs("{}")
    for lr in (0.3, 0.4):
        made = lab.change("junior-1", BAD, lr=lr)
        lab.until(lab.settled(made.id))
    assert not screens.switch(lab.lab).on and not RUNS.count(lab.lab.ledger.reader, "WHERE purpose LIKE 'screen%'")


def test_a_task_whose_runs_cannot_be_shortened_is_never_screened(labs: Callable[..., Played]) -> None:
    lab = labs("{screen: on}", command="--budget 100step")
    assert "{budget}" in screens.switch(lab.lab).why
    made = lab.change("junior-1", GOOD, lr=0.3)
    lab.until(lab.settled(made.id))
    assert lab.experiment(made.id).state is State.MERGED and not lab.experiment(made.id).screen


@pytest.fixture
def tracked(screened: Played) -> Played:
    """Four ideas with both runs: the screen's order is the full runs' order."""
    always_bypass(screened)
    for number, gain in enumerate((-0.4, -0.3, -0.2, 0.3)):
        made = screened.change("junior-1", gain, lr=0.3 + number / 10)
        screened.until(screened.settled(made.id))
    return screened


def test_the_pairs_are_screens_with_the_first_full_run_of_the_same_idea(tracked: Played) -> None:
    con, rules = tracked.lab.ledger.reader, replace(tracked.lab.protocol.screen, min_pairs=4)
    known = screens.standing(replace(tracked.lab, protocol=replace(tracked.lab.protocol, screen=rules)), con)
    assert known.correlation is not None and known.correlation.value == 1.0
    pairs = screens._pairs(con, screens.screened(tracked.lab, con))
    assert [p.bypassed for p in pairs] == [True, True, True, False]
    assert sorted(pairs, key=lambda p: p.full_gain) == pairs == sorted(pairs, key=lambda p: p.screen_z)
    assert screens.tally(tracked.lab, con) == screens.Tally(4, 1, 3, 0, 4)


def turned(lab: Played) -> None:
    """As if a screen had said the opposite of every full run: twelve more ideas in the ledger."""
    con = lab.lab.ledger.reader
    model = EXPERIMENTS.get(con, "E1")
    with lab.lab.ledger.transaction() as tx:
        for number in range(10, 40):
            told = {**model.screen, "z": number / 10, "outcome": "passed"}
            EXPERIMENTS.insert(tx, replace(model, id=f"E{number}", screen=told, created_at=datetime.now(UTC)))
            tx.execute(
                "INSERT INTO verdicts (experiment, at, kind, looks, verdict, decision) VALUES (?, '', 'race', 1, 'more', ?)",
                (f"E{number}", json.dumps({"candidate_runs": 1, "gain": -number / 10})),
            )


def test_a_screen_that_is_surely_lost_is_switched_off_and_says_so(tracked: Played) -> None:
    turned(tracked)
    told = screens.standing(tracked.lab, tracked.lab.ledger.reader)
    assert not told.on and "surely under 0.4" in told.reason
    made = tracked.change("junior-1", GOOD, lr=0.99)
    tracked.until(tracked.settled(made.id))
    assert not tracked.experiment(made.id).screen and not of(tracked, made.id, Purpose.SCREEN)
    assert "surely under" in screens.words(tracked.lab, tracked.lab.ledger.reader)


def test_the_rules_are_those_of_the_science(tracked: Played) -> None:
    con, protocol = tracked.lab.ledger.reader, tracked.lab.protocol
    e = tracked.experiment("E4")
    values = [r.metric or 0.0 for r in reads.pool_runs(con, e.screen_pool or 0)]
    alone = screen.judge(values, e.screen["value"], 0.5, 0.0, protocol=protocol)
    assert e.screen["z"] == pytest.approx(alone.z, rel=1e-9) and e.screen["sigma"] == pytest.approx(alone.sigma)
    assert Pair(e.screen["z"], 0.0, False).screen_z > e.screen["bar"] == 0.5


def test_everybody_can_read_what_a_screen_said(tracked: Played, say: Callable[..., Result]) -> None:
    tracked.ticks(1)
    page = tracked.lab.layout.page("E1").read_text()
    assert "## Screen" in page and "**Bypassed:** screen z" in page and "screen_pool" not in page
    explained = say(tracked, "explain", "E1")
    assert explained.exit_code == 0
    for told in ("## The screen", "| candidate | R", "| bar | z that passes | 0.5 |", "Today: bar 0.5", "drawn from the lab's"):
        assert told in explained.output, explained.output
    assert "bypassed z" in say(tracked, "results").output
    status = say(tracked, "status")
    assert "4 screened: 1 passed, 3 of the failed run in full all the same, 0 discarded" in status.output
    assert "experiment.screened E1" in say(tracked, "log", "E1").output
    letter = next(m for m in mail.of_reader(tracked.lab.ledger.reader, "junior-1") if m.subject.startswith("E1 discarded"))
    assert "Before its race: screen z" in letter.body
    tracked.ask("standup")
    tracked.clock = tracked.clock.__class__(minutes=2)
    tracked.ticks(1)
    pages = list(tracked.lab.layout.standup("x").parent.glob("*.md"))
    assert any("Screen: 4 screened: 1 passed" in p.read_text() for p in pages)


def test_the_screens_pool_is_shared_and_refreshed_when_it_is_old(screened: Played) -> None:
    for lr in (0.3, 0.4):
        made = screened.change("junior-1", BAD, lr=lr)
        screened.until(screened.settled(made.id))
    con = screened.lab.ledger.reader
    assert POOLS.count(con, "WHERE budget = '25step'") == 1
    assert RUNS.count(con, "WHERE purpose = 'screen_pool'") == 4
    screened.clock = screened.clock.__class__(hours=13)
    made = screened.change("junior-1", BAD, lr=0.5)
    screened.until(screened.settled(made.id))
    screened.ticks(2)
    assert RUNS.count(con, "WHERE purpose = 'screen_pool'") == 5
