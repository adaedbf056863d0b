"""Races with played runs: crashes, losses, invalid runs, shared pools, cancelled neighbours, a task edited meanwhile."""

from collections.abc import Callable
from datetime import timedelta

from laboratory import Laboratory
from played import Played, crash, set_rung, set_task

from org.lab import pools
from org.lab.verdicts import judge
from org.model.experiment import State
from org.model.run import Event, Purpose, Run
from org.model.run import State as RunState
from org.runs import code
from org.runs.spec import End, Outcome
from org.store import events, mail, meta, reads, runs
from org.store.tables import POOLS, RUNS, SLOTS
from org.workspace import snapshots


def candidates(lab: Played, id: str) -> list[Run]:
    return [r for r in lab.runs(id) if r.purpose is Purpose.RACE]


def candidates_end(reason: str, times: int, end: End = End.FAILED, **more: object) -> Callable[[Run], Outcome | None]:
    """The first so many runs of a candidate end like this; the others have a value."""
    left = [times]

    def ends(run: Run) -> Outcome | None:
        if run.purpose is not Purpose.RACE or not left[0]:
            return None
        left[0] -= 1
        return Outcome(run.id, end, reason=reason, **more)  # type: ignore[arg-type]

    return ends


def test_one_crash_is_run_again_on_the_same_seed(played: Played) -> None:
    played.ends = candidates_end("boom", 1)
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    first, second = candidates(played, made.id)[:2]
    assert (first.state, first.attempt, second.attempt, second.seed) == (RunState.FAILED, 1, 2, first.seed)
    assert played.experiment(made.id).state is State.MERGED


def test_two_crashes_of_one_seed_end_the_experiment(played: Played) -> None:
    played.ends = candidates_end("boom", 99)
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    after = played.experiment(made.id)
    assert (after.state, after.reason) == (State.FAILED, "crash: boom")
    assert len(candidates(played, made.id)) == 2


def test_a_model_that_the_scorer_refuses_is_not_run_again(played: Played) -> None:
    why = "it sees the future"
    played.ends = candidates_end(why, 99, End.INVALID, result={"valid": False, "value": None})
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    assert (played.experiment(made.id).state, played.experiment(made.id).reason) == (State.INVALID, why)
    assert len(candidates(played, made.id)) == 1


def test_a_run_of_another_seed_than_asked_is_run_again_and_then_the_arm_is_invalid(played: Played) -> None:
    played.ends = lambda run: (
        Outcome(run.id, End.SUCCEEDED, metric=0.5, record={"seed": run.seed + 1}) if run.purpose is Purpose.RACE else None
    )
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.INVALID
    assert "the lab asked for" in played.experiment(made.id).reason
    assert len(candidates(played, made.id)) == 3


def test_a_run_of_other_code_than_its_snapshot_s_is_invalid(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    lab = played.lab
    snapshot = snapshots.extract(lab.git, made.run_tree, lab.layout.snapshot(made.run_tree))
    own, root = code.digest(snapshot / "fit"), code.digest(lab.layout.root / "fit")
    assert own != root, "the change is in it"
    told = {"trainer_path": "fit", "code_digest": root}  # an installed package was imported: every edit measures as nothing
    played.ends = lambda run: Outcome(run.id, End.SUCCEEDED, metric=0.5, record=told) if run.tree == made.run_tree else None
    played.until(lambda: any(r.state is RunState.INVALID for r in candidates(played, made.id)))
    assert "is not its snapshot's" in candidates(played, made.id)[0].reason
    told["code_digest"] = own
    played.until(lambda: any(r.state is RunState.SUCCEEDED for r in candidates(played, made.id)))


def test_an_outcome_that_cannot_be_read_is_a_lost_run_and_not_in_the_way(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    run = candidates(played, made.id)[0]
    played.start(run)
    (played.lab.layout.run(run.id) / "outcome.json").write_text('{"schema": 7}')
    played.held = False
    played.until(played.settled(made.id))
    lost = RUNS.get(played.lab.ledger.reader, run.id)
    assert lost.state is RunState.LOST and "schema 7" in lost.reason
    assert played.experiment(made.id).state is State.MERGED


def test_verdicts_are_told_once_each_to_author_and_to_nobody_else(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    played.ticks(3)
    con = played.lab.ledger.reader
    told = [m.subject.split(":")[0] for m in mail.of_reader(con, "junior-1") if m.kind == "verdict"]
    assert told == ["E1 better", "E1 merged"]
    assert not [m for m in mail.of_reader(con, "junior-2") if m.kind == "verdict"]


def test_cancelled_vetoed_and_withdrawn_experiments_end_their_runs_and_tell_their_author(played: Played) -> None:
    for verb, word, lr in (("cancel", "cancelled", 0.3), ("veto", "vetoed", 0.4), ("withdraw", "withdrawn", 0.5)):
        made = played.change("junior-1", 0.1, lr=lr)
        played.held = True
        played.ticks(2)
        waiting = candidates(played, made.id)
        answer = played.ask(verb, experiment=made.id, reason="enough")
        assert answer.answer == f"{made.id} is {word}"
        assert [RUNS.get(played.lab.ledger.reader, r.id).state for r in waiting] == [RunState.CANCELLED]
        assert played.experiment(made.id).reason == f"{word} by human: enough"
        letters = mail.of_reader(played.lab.ledger.reader, "junior-1")
        assert [m.kind for m in letters if made.id in m.refs] == ["verdict"]
        assert candidates(played, made.id)[-1].id == waiting[-1].id, "nothing is queued again"


def test_a_running_run_of_a_cancelled_experiment_is_asked_to_end(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    run = candidates(played, made.id)[0]
    with played.lab.ledger.transaction() as tx:  # the supervisor was killed before it made the run's folder
        runs.move(tx, run.id, Event.START, played.now(), device="cpu:0", started_at=played.now())
    assert played.ask("cancel", experiment=made.id).answer == f"{made.id} is cancelled"
    assert (played.lab.layout.run(run.id) / "cancel").exists()
    played.ticks(2)
    assert RUNS.get(played.lab.ledger.reader, run.id).state is RunState.LOST
    assert len(candidates(played, made.id)) == 1


def test_cancelling_again_after_a_kill_gives_the_same_answer(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ticks(1)
    first, again = (played.ask("cancel", experiment=made.id) for _ in range(2))
    assert (first.state, first.answer) == (again.state, again.answer)
    assert [e.kind for e in events.latest(played.lab.ledger.reader, 99, made.id)].count("experiment.cancelled") == 1


def test_a_baseline_that_another_race_waits_for_outlives_the_experiment_that_asked_for_it(played: Played) -> None:
    set_rung(played, pool=2)
    one, two = played.change("junior-1", 0.1, lr=0.3), played.change("junior-2", 0.0, lr=0.4)
    played.held = True
    played.ticks(2)
    baselines = [r for r in played.runs(one.id) if r.purpose is Purpose.POOL]
    assert len(baselines) == 2 and not [r for r in played.runs(two.id) if r.purpose is Purpose.POOL]
    played.ask("cancel", experiment=one.id)
    played.held = False
    played.until(played.settled(two.id))
    assert {RUNS.get(played.lab.ledger.reader, r.id).state for r in baselines} == {RunState.SUCCEEDED}


def test_a_race_that_waits_for_anothers_baseline_asks_for_nothing_and_says_nothing(played: Played) -> None:
    set_rung(played, pool=2)
    one, two = played.change("junior-1", 0.1, lr=0.3), played.change("junior-2", 0.1, lr=0.4)
    played.held = True
    played.ticks(2)
    mine = candidates(played, two.id)[0]
    played.start(mine)
    played.end(mine)
    played.ticks(1)
    before = RUNS.count(played.lab.ledger.reader)
    assert judge.step(played.lab, played.now()) == [], "nothing changed, so nothing is said"
    assert RUNS.count(played.lab.ledger.reader) == before
    played.ask("cancel", experiment=one.id)
    with played.lab.ledger.transaction() as tx:  # the baselines go too
        for run in runs.in_state(tx, RunState.QUEUED):
            runs.move(tx, run.id, Event.CANCEL, played.now())
    played.held = False
    played.until(played.settled(two.id))
    assert played.experiment(two.id).decision["base_runs"] == 2


def test_a_baseline_that_fails_twice_pauses_the_lab_and_tells_the_person(played: Played) -> None:
    played.ends = lambda run: crash(run) if run.purpose is Purpose.POOL else None
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(lambda: played.fact("paused") is not None)
    assert played.fact("paused") == "the baseline itself does not run: boom"
    letters = [m for m in mail.of_reader(played.lab.ledger.reader, "human") if "baseline" in m.subject]
    assert len(letters) == 1
    played.ticks(1)
    before = RUNS.count(played.lab.ledger.reader)
    played.ticks(3)
    assert RUNS.count(played.lab.ledger.reader) == before, "nothing more is tried"
    assert played.experiment(made.id).state is State.RACING
    played.ends = lambda run: None
    played.ask("resume")
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.MERGED


def test_a_stale_pool_repeats_its_oldest_seed_and_replaces_its_value(played: Played) -> None:
    first = played.change("junior-1", -0.1, lr=0.3)
    played.until(played.settled(first.id))
    con, pool = played.lab.ledger.reader, played.experiment(first.id).pool
    assert pool is not None
    with played.lab.ledger.transaction() as tx:
        while len(reads.pool_runs(tx, pool)) + len(runs.in_state(tx, RunState.QUEUED)) < 8:
            pools.fill(played.lab, tx, POOLS.get(tx, pool), played.now(), "free")
    played.until(lambda: SLOTS.count(con, "WHERE pool = ?", pool) == 8)
    oldest = min(reads.pool_runs(con, pool), key=lambda r: (r.finished_at, r.slot))
    played.clock = timedelta(hours=13)
    second = played.change("junior-1", 0.012, lr=0.4)
    played.until(lambda: bool(played.experiment(second.id).decision))
    played.until(lambda: oldest.id not in {r.id for r in reads.pool_runs(con, pool)})
    fresh = next(r for r in reads.pool_runs(con, pool) if r.slot == oldest.slot)
    assert fresh.seed == oldest.seed and SLOTS.count(con, "WHERE pool = ?", pool) == 8


def test_a_smaller_pool_is_full_when_it_is_full(played: Played) -> None:
    set_rung(played, pool=3)
    made = played.change("junior-1", 0.012, lr=0.3)
    played.until(played.settled(made.id))
    assert len([r for r in played.runs(made.id) if r.purpose is Purpose.POOL]) == 3


def test_a_budget_edited_under_a_race_starts_it_over_against_a_pool_of_that_budget(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ticks(2)
    before = played.experiment(made.id).pool
    set_rung(played, run_budget="200step")
    played.until(played.settled(made.id))
    after = played.experiment(made.id)
    assert after.state is State.MERGED and after.pool != before
    counted = [r for r in candidates(played, made.id) if r.pool == after.pool]
    assert {r.budget for r in counted} == {"200step"}
    assert {r.budget for r in reads.pool_runs(played.lab.ledger.reader, after.pool or 0)} == {"200step"}
    assert after.decision["candidate_runs"] == len(counted)


def test_what_waits_for_a_pool_of_yesterdays_task_is_not_run_as_todays(played: Played) -> None:
    played.held = True
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ticks(2)
    waiting = played.queued()
    set_task(played, command=played.lab.config.task.command + " --budget 7step")
    played.ticks(1)
    assert {RUNS.get(played.lab.ledger.reader, r.id).state for r in waiting} == {RunState.CANCELLED}
    assert played.queued() and not {r.pool for r in waiting} & {r.pool for r in played.queued()}
    assert played.experiment(made.id).state is State.RACING


def test_pools_of_another_task_say_nothing_about_the_spread(played: Played) -> None:
    made = played.change("junior-1", -0.1, lr=0.3)
    played.until(played.settled(made.id))
    before = played.lab
    with before.ledger.transaction() as tx:
        other = pools.of_tree(before, tx, made.run_tree, played.now())
        assert pools.spread_before(before, tx, other)[1] > 0
    for key, edit in (("command", " --fast"), ("evaluate", " --bytes 9"), ("metric", "_2")):
        set_task(played, **{key: getattr(before.config.task, key) + edit})
        with before.ledger.transaction() as tx:
            new = pools.of_tree(played.lab, tx, made.base_tree, played.now())
            assert new.id != made.pool and pools.spread_before(played.lab, tx, new) == (None, 0.0)
        played.lab = before


def test_the_same_races_give_the_same_verdicts_when_the_supervisor_is_killed_all_the_time(
    played: Played, reopened: Callable[[Laboratory], Played]
) -> None:
    made = played.change("junior-1", 0.02, lr=0.3)
    lab = played
    for _ in range(200):
        if not lab.experiment(made.id).is_open:
            break
        lab.ticks(1)
        lab = reopened(lab)
    after = lab.experiment(made.id)
    assert after.state in (State.MERGED, State.DISCARDED)
    slots = [(r.purpose, r.slot) for r in lab.runs(made.id)]
    assert len(slots) == len(set(slots)), "no run was asked for twice"
    assert after.decision["candidate_runs"] == len(candidates(lab, made.id))
    told = [m.id for m in mail.of_reader(lab.lab.ledger.reader, "junior-1") if m.kind == "verdict"]
    assert len(told) == len(set(told)) == (2 if after.state is State.MERGED else 1)
    lab.lab.ledger.close()


def test_a_seed_is_the_labs_and_both_arms_share_it(played: Played) -> None:
    made = played.change("junior-1", 0.02, lr=0.3)
    played.until(played.settled(made.id))
    base = {r.slot: r.seed for r in reads.pool_runs(played.lab.ledger.reader, played.experiment(made.id).pool or 0)}
    mine = {r.slot: r.seed for r in candidates(played, made.id)}
    assert mine and all(base.get(slot, seed) == seed for slot, seed in mine.items())
    assert meta.get(played.lab.ledger.reader, "seed_key") not in str(mine)
