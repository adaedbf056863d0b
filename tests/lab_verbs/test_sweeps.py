"""`org sweep`: values by Optuna in short uncounted runs; it keeps nothing, survives everything, and says so."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import Laboratory, make, open_, set_values
from played import Played
from setups import SPACE

from org.agents.offline import search, space
from org.agents.offline.search import Point
from org.lab import pools, schedule, sweeps
from org.lab.studies import engine, sweep
from org.lab.studies.sweep_page import NEVER_KEEPS
from org.model.errors import Refused, UsageError
from org.model.program import Event as ProgramEvent
from org.model.run import Run
from org.model.run import State as RunState
from org.model.study import State, Study
from org.runs.spec import End, Outcome
from org.science import luck
from org.store import programs, studies
from org.store.tables import EXPERIMENTS, MESSAGES, POOLS, RUNS, SLOTS, STUDIES

RECIPE = "fit/recipe.yaml"


def asked(lab: Laboratory, keys: str = "lr,decay", trials: int = 4, **more: object) -> Study:
    from org.lab import branches

    branches.next_(lab.lab, "junior-1", NOW())
    return sweeps.ask(lab.lab, "junior-1", keys, trials, more.pop("budget", None), "junior-1", NOW())  # type: ignore[arg-type]


def NOW():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def swept(lab: Played, study: Study) -> None:
    """Ticks and studies until the sweep is settled. The office's own loop calls the engine too."""
    for _ in range(200):
        engine.step(lab.lab, lab.now())
        lab.ticks(1)
        if STUDIES.get(lab.lab.ledger.reader, study.id).state is not State.OPEN:
            return
    raise AssertionError("the sweep never ended")


def letter(lab: Laboratory, study: Study) -> str:
    return MESSAGES.get(lab.lab.ledger.reader, f"sweep-{study.id}").body


def value_of(lab: Laboratory, run: Run, key: str) -> float:
    text = lab.lab.git.run("show", f"{run.tree}:{RECIPE}")
    return float(next(line for line in text.splitlines() if line.startswith(f"{key}:")).split()[1])


@pytest.fixture
def bowl(played: Played) -> Played:
    """The nearer lr is to 0.5, the better."""

    def end(run: Run) -> Outcome:
        metric = 1.0 + abs(value_of(played, run, "lr") - 0.5) + 0.001 * (run.seed % 7)
        return Outcome(run.id, End.SUCCEEDED, metric=metric, total_seconds=3.0)

    played.ends = end
    return played


def test_a_sweep_ends_in_one_letter_with_the_best_few_and_keeps_nothing(bowl: Played, say) -> None:
    study = asked(bowl, trials=8)
    swept(bowl, study)
    con = bowl.lab.ledger.reader
    runs = studies.runs_of(con, study.id)
    assert len(runs) == sweep.BASE_RUNS + 8 and {r.budget for r in runs} == {"25step"}
    assert len({r.seed for r in runs[sweep.BASE_RUNS :]}) == 1 and runs[sweep.BASE_RUNS].seed == runs[0].seed
    assert not {r.seed for r in runs} & {r.seed for r in RUNS.select(con, "WHERE study IS NULL")}
    done = STUDIES.get(con, study.id)
    best = done.outcome["best"]
    assert done.state is State.DONE and best[0]["gain"] == max(b["gain"] for b in best) > 0
    assert abs(best[0]["values"]["lr"] - 0.5) < 0.3
    told = letter(bowl, study)
    assert NEVER_KEEPS in told and "σ" in told and told.count("\n| ") == 1 + len(best)
    assert f"up to {luck.best_of(8):.1f}σ better than it is" in told
    assert MESSAGES.count(con, "WHERE id LIKE 'sweep-%'") == 1
    assert not EXPERIMENTS.count(con) and not SLOTS.count(con, "WHERE run IN (SELECT id FROM runs WHERE study IS NOT NULL)")
    page = bowl.lab.layout.page(study.id).read_text()
    assert all(run.id in page for run in runs[sweep.BASE_RUNS :]) and NEVER_KEEPS in page
    assert page.rstrip() == say(bowl)("sweep", study.id).output.rstrip()


def test_its_page_grows_while_it_runs(bowl: Played) -> None:
    study = asked(bowl, trials=3)
    assert "No trial has begun yet." in bowl.lab.layout.page(study.id).read_text()
    seen = set()
    for _ in range(40):
        engine.step(bowl.lab, bowl.now())
        bowl.ticks(1)
        seen.add(bowl.lab.layout.page(study.id).read_text().count("\n| ") - 1)
    assert {1, 2, 3} <= seen


def test_a_trial_that_crashes_is_a_bad_value_and_not_the_end(bowl: Played) -> None:
    fine = bowl.ends

    def end(run: Run) -> Outcome:
        broken = value_of(bowl, run, "lr") > 0.3
        return Outcome(run.id, End.FAILED, reason="nan", total_seconds=1.0) if broken else fine(run)

    bowl.ends = end
    study = asked(bowl, keys="lr", trials=6)
    swept(bowl, study)
    done = STUDIES.get(bowl.lab.ledger.reader, study.id)
    assert done.state is State.DONE and done.outcome["trials"] == 6
    failed = [r for r in studies.runs_of(bowl.lab.ledger.reader, study.id) if r.state is RunState.FAILED]
    assert failed and "without a value" in letter(bowl, study)
    assert len(failed) == 2 * len({r.slot for r in failed}), "each is run once more on its seed, then given up"


def test_a_base_that_does_not_run_ends_the_sweep_and_says_so(played: Played) -> None:
    played.ends = lambda run: Outcome(run.id, End.FAILED, reason="no data", total_seconds=1.0)
    study = asked(played)
    swept(played, study)
    done = STUDIES.get(played.lab.ledger.reader, study.id)
    assert done.state is State.FAILED and "the base itself does not run at 25step" in done.reason
    assert "the base itself does not run" in MESSAGES.get(played.lab.ledger.reader, f"sweep-{study.id}").subject


def test_nothing_better_is_a_result(played: Played) -> None:
    played.ends = lambda run: Outcome(
        run.id, End.SUCCEEDED, metric=1.0 if value_of(played, run, "lr") == 0.2 else 2.0, total_seconds=1.0
    )
    study = asked(played, keys="lr", trials=3)
    swept(played, study)
    assert "No value beats the base: that is a result" in letter(played, study)


def test_a_killed_lab_goes_on_where_the_sweep_was(bowl: Played) -> None:
    study = asked(bowl, trials=4)
    for _ in range(6):
        engine.step(bowl.lab, bowl.now())
        bowl.ticks(1)
    before = [(r.id, r.tree) for r in studies.runs_of(bowl.lab.ledger.reader, study.id)]
    bowl.lab.ledger.close()
    new = open_(bowl.lab.layout.root)
    again = Played(new.lab, new.office, ends=bowl.ends)
    swept(again, study)
    runs = studies.runs_of(again.lab.ledger.reader, study.id)
    assert [(r.id, r.tree) for r in runs][: len(before)] == before
    assert len(runs) == sweep.BASE_RUNS + 4, "no trial twice, none lost"
    again.lab.ledger.close()
    bowl.lab = replace(bowl.lab, ledger=open_(bowl.lab.layout.root).lab.ledger)


def test_runs_that_a_stop_cut_off_are_run_again(bowl: Played) -> None:
    cut: set[int] = set()
    fine = bowl.ends

    def end(run: Run) -> Outcome:
        if run.slot not in cut:
            cut.add(run.slot)
            return Outcome(run.id, End.CANCELLED, reason="cancelled", total_seconds=1.0)
        return fine(run)

    bowl.ends = end
    study = asked(bowl, trials=2)
    swept(bowl, study)
    assert STUDIES.get(bowl.lab.ledger.reader, study.id).outcome["trials"] == 2


def test_a_cancelled_sweep_starts_nothing_and_keeps_its_page(bowl: Played, say) -> None:
    study = asked(bowl)
    for _ in range(6):
        engine.step(bowl.lab, bowl.now())
        bowl.ticks(1)
    assert say(bowl)("sweep", study.id, "--cancel").exit_code == 0
    bowl.ticks(1)
    assert STUDIES.get(bowl.lab.ledger.reader, study.id).state is State.CANCELLED
    count = len(studies.runs_of(bowl.lab.ledger.reader, study.id))
    for _ in range(4):
        engine.step(bowl.lab, bowl.now())
        bowl.ticks(1)
    assert len(studies.runs_of(bowl.lab.ledger.reader, study.id)) == count
    assert "cancelled by human" in bowl.lab.layout.page(study.id).read_text()
    assert asked(bowl).id == "S2", "and the next one may be asked for"


def test_whatever_decides_is_started_first(played: Played) -> None:
    played.held = True
    study = asked(played)
    engine.step(played.lab, played.now())
    made = played.recipe("junior-2", lr=0.7)
    played.ticks(1)
    order = [run.experiment or run.study or "baseline" for run in schedule._waiting(played.lab)]
    assert order.index(made.id) < order.index(study.id)
    assert "baseline" not in order[order.index(study.id) :]


def test_it_prefers_its_agents_own_device(played: Played) -> None:
    asked(played)
    engine.step(played.lab, played.now())
    [run, *_] = played.queued()
    device = {a: d.name for a, d in zip(("junior-1", "junior-2"), played.lab.devices, strict=True)}["junior-1"]
    assert [d.name for d in schedule._choose(played.lab, run, list(reversed(played.lab.devices)))] == [device]


def test_it_starts_from_the_agents_commit_and_may_sweep_a_new_key(played: Played) -> None:
    played.edit("junior-1", {RECIPE: lambda t: t + "bend: 1.0\n"})
    study = sweeps.ask(played.lab, "junior-1", "bend=0.1..10:log,degree=1|5", 2, None, "junior-1", played.now())
    assert study.plan["space"] == {"bend": {"low": 0.1, "high": 10, "log": True}, "degree": [1, 5]}
    assert study.plan["head"] == {"bend": 1.0, "degree": 3}
    engine.step(played.lab, played.now())
    assert {run.tree for run in played.queued()} == {study.plan["tree"]}
    assert "bend: 1.0" in played.lab.git.run("show", f"{study.plan['tree']}:{RECIPE}")


def test_a_closed_programs_sweep_ends_with_what_it_has(bowl: Played) -> None:
    study = asked(bowl, trials=50)
    for _ in range(8):
        engine.step(bowl.lab, bowl.now())
        bowl.ticks(1)
    with bowl.lab.ledger.transaction() as tx:
        programs.move(tx, "free", ProgramEvent.CLOSE, bowl.now(), "human", "enough")
    swept(bowl, study)
    assert 0 < STUDIES.get(bowl.lab.ledger.reader, study.id).outcome["trials"] < 50


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--keys", "mlp"), "the space of free has lr, decay, degree; give mlp a range"),
        (("--keys", "mlp=1..2"), "the recipe has no key mlp"),
        (("--keys", "lr=2..1"), "low below high"),
        (("--keys", "lr=1-2"), "KEY=LOW..HIGH"),
        (("--budget", "30tok"), "a run's budget is 100step"),
        (("--budget", "200step"), "at most 100step"),
        (("--budget", "many"), "write 400step"),
    ],
)
def test_what_cannot_be_swept_is_refused_with_the_way_out(played: Played, say, words: tuple[str, ...], told: str) -> None:
    done = say(played, "junior-1")("sweep", *words)
    assert told in str(done.exception)
    assert not STUDIES.count(played.lab.ledger.reader)


def test_one_sweep_an_agent_and_only_from_a_commit(played: Played) -> None:
    path = played.lab.layout.worktree("junior-1") / RECIPE
    study = asked(played)
    with pytest.raises(Refused, match=f"{study.id} of junior-1 is not done yet"):
        sweeps.ask(played.lab, "junior-1", "", 3, None, "junior-1", played.now())
    sweeps.cancel(played.lab, study.id, "human", played.now())
    path.write_text(set_values(path.read_text(), {"lr": 0.4}))
    with pytest.raises(Refused, match=r"not committed: fit/recipe.yaml"):
        sweeps.ask(played.lab, "junior-1", "", 3, None, "junior-1", played.now())


def test_the_verb_says_what_it_costs_and_that_it_keeps_nothing(played: Played, say) -> None:
    done = say(played, "junior-1")("sweep", "--keys", "lr", "--trials", "3")
    assert "S1: 3 trials of lr at 25step, beside 4 runs of the base" in done.output and NEVER_KEEPS in done.output
    shown = json.loads(say(played)("sweep", "S1", "--json").output)
    assert shown["study"]["plan"]["trials"] == 3 and shown["result"]["trials"] == []


def test_a_part_of_a_budget_is_one_in_the_same_unit() -> None:
    assert [sweeps.share(b, 0.25) for b in ("100step", "2.9e12flop", "300s", "3step", "5e7tok")] == [
        "25step", "725000000000flop", "75s", "1step", "12500000tok",
    ]  # fmt: skip
    with pytest.raises(UsageError):
        sweeps.share("100steps", 0.25)


def test_short_runs_do_not_make_a_pool_old(played: Played) -> None:
    made = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(made.id))
    con = played.lab.ledger.reader
    pool, study = POOLS.select(con)[0], asked(played)
    with played.lab.ledger.transaction() as tx:
        for number in range(60):
            run = replace(RUNS.select(tx)[0], id=f"R{1000 + number}", pool=None, study=study.id, finished_at=played.now())
            RUNS.insert(tx, run)
    assert not pools.is_stale(played.lab, con, pool.id, played.now())


def test_the_search_learns_and_repeats_nothing() -> None:
    dimensions = space.parse(SPACE, "p")
    head = {"lr": 0.2, "decay": 0.0, "degree": 3}
    points: list[Point] = []
    for number in range(40):
        values = search.propose(dimensions, head, points, seed=number)
        assert values is not None
        gain = None if values["lr"] > 0.9 else -abs(values["lr"] - 0.5) - values["decay"]
        assert values not in [p.values for p in points]
        points.append(Point(values, gain))
    late = [p.gain for p in points[20:] if p.gain is not None]
    early = [p.gain for p in points[:10] if p.gain is not None]
    assert sum(late) / len(late) > sum(early) / len(early)


def test_a_space_that_is_tried_out_ends_the_search() -> None:
    two = space.parse({"kind": ["a", "b"]}, "p")
    assert search.propose(two, {"kind": "a"}, [Point({"kind": "b"}, -1.0)], seed=0) is None


def test_the_best_of_many_nulls_looks_good() -> None:
    assert [round(luck.best_of(n), 2) for n in (1, 2, 10, 100)] == [0.0, 0.59, 1.55, 2.5]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Laboratory]:
    """Real keepers on the small regression."""
    made = make(tmp_path)
    made.program(space=SPACE)
    yield made
    made.lab.ledger.close()


def test_a_sweep_runs_on_the_real_task(real: Laboratory) -> None:
    study = asked(real, keys="lr=0.05..0.6", trials=2)

    def ended() -> bool:
        engine.step(real.lab, NOW())
        return STUDIES.get(real.lab.ledger.reader, study.id).state is not State.OPEN

    real.until(ended, seconds=120)
    done = STUDIES.get(real.lab.ledger.reader, study.id)
    assert done.state is State.DONE, done.reason
    runs = studies.runs_of(real.lab.ledger.reader, study.id)
    assert [r.record["budget"] for r in runs] == ["25step"] * 6 and all(r.metric for r in runs)
    assert len({r.metric for r in runs[4:]} | {runs[0].metric}) == 3, "other values, other results on one seed"
