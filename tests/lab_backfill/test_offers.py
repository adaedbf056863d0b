"""What idle devices are offered, what it is worth, and what is taken."""

from dataclasses import replace

import pytest
from played import set_rung
from watched import Watched

from org.lab import pools, schedule, settings
from org.lab.devices import backfill, value
from org.lab.devices.offers import ablations, baselines, certificates, fresh, promotions, sentinels
from org.lab.devices.offers import curves as curve_offers
from org.lab.devices.value import Offer
from org.lab.spend import admission
from org.lab.verdicts import curves
from org.model.agent import State
from org.model.errors import Refused
from org.model.run import OUTSTANDING, Purpose, Run
from org.model.run import State as RunState
from org.model.study import Kind
from org.store import reads, runs, studies
from org.store.tables import EXPERIMENTS, PROGRAMS, RUNS


def offers(watched: Watched, kind: object = backfill) -> list[Offer]:
    if kind is backfill:
        return backfill.best(watched.lab, watched.lab.ledger.reader, watched.now())
    return list(kind.offers(watched.lab, watched.lab.ledger.reader, watched.now()))  # type: ignore[attr-defined]


def kinds(found: list[Offer]) -> set[str]:
    return {offer.kind for offer in found}


def full_pool(watched: Watched) -> None:
    """All eight seeds of the head have run."""
    watched.held = True
    for _ in range(8):
        for run in backfill.fill(watched.lab, 1, watched.now()):
            watched.start(run)
            watched.end(run)
        watched.ticks(1)


def merged(watched: Watched) -> str:
    made = watched.change("ann", 0.1, lr=0.3)
    watched.until(watched.settled(made.id))
    return made.id


def away(watched: Watched) -> None:
    watched.becomes("dee", State.STOPPED)
    watched.limited("ann", "bob", "cyd", minutes=600)


def test_empty_seeds_come_first_and_the_first_two_of_them_are_sure_to_be_wanted(watched: Watched) -> None:
    found = offers(watched)
    assert kinds(found) == {"baseline"} and len(found) == 8
    assert [o.rate for o in found[:2]] == [value.WAITED, value.WAITED]
    assert found[0].program == "free" and "seed 1 of 8 is empty; 8 coming races want it with 100%" in found[0].why


def test_a_seed_that_few_races_come_to_is_worth_less(watched: Watched) -> None:
    before = min(o.rate for o in offers(watched))
    for n in range(12):
        made = watched.change("ann", -0.5, lr=0.3 + n / 100)
        watched.until(watched.settled(made.id))
    empty = [o for o in offers(watched) if o.kind == "baseline"]
    assert empty and max(o.rate for o in empty) < before


def test_offers_are_read_without_a_trace(watched: Watched) -> None:
    before = list(watched.lab.ledger.reader.iterdump())
    backfill.judged(watched.lab, watched.now(), [*backfill.OFFERING, promotions.offers])
    assert list(watched.lab.ledger.reader.iterdump()) == before


def test_what_is_asked_for_is_not_offered_again(watched: Watched) -> None:
    assert len(backfill.fill(watched.lab, 3, watched.now())) == 3
    assert len(offers(watched)) == 5


def test_the_best_per_device_second_is_taken_and_no_more_than_there_is_room_for(watched: Watched) -> None:
    taken: list[str] = []

    def offer(name: str, worth: float, cost: float, runs: int = 1) -> Offer:
        return Offer(name, "it", worth, cost, "because", lambda now: taken.append(name), 1.0, runs)

    def take_from(free: int, *made: Offer) -> list[str]:
        taken.clear()
        backfill.fill(watched.lab, free, watched.now(), [lambda *_: made])
        return list(taken)

    made = offer("large", 5.0, 10.0), offer("good", 3.0, 4.0), offer("cheap", 0.6, 1.0), offer("poor", 0.1, 1.0)
    assert take_from(2, *made) == ["good", "cheap"]
    assert take_from(9, *made) == ["good", "cheap", "large"], "the poor one is not worth the wait of an agent that comes"
    assert take_from(2, offer("study", 9.0, 9.0, runs=8), offer("other", 1.0, 9.0)) == ["study"], "its runs fill the devices"


def test_an_offer_that_its_kind_refuses_is_passed_over(watched: Watched) -> None:
    def refuse(now: object) -> None:
        raise Refused("it was tested")

    taken: list[str] = []
    made = [Offer("no", "", 9.0, 1.0, "", refuse, 1.0), Offer("yes", "", 1.0, 1.0, "", lambda now: taken.append("yes"), 1.0)]
    backfill.fill(watched.lab, 1, watched.now(), [lambda *_: made])
    assert taken == ["yes"]


def test_nothing_is_taken_that_is_longer_than_any_run_of_a_verdict(watched: Watched) -> None:
    whole = value.run_seconds(watched.lab)

    def objection(longest: float) -> str | None:
        made = Offer("long", "it", 9.0 * whole, whole, "because", lambda now: None, longest)
        return backfill.judged(watched.lab, watched.now(), [lambda *_: [made]])[0].objection

    assert objection(1.4 * whole) is None
    assert objection(2 * whole) == "its longest run takes 30 s; no idle device is given away for more than 21 s"
    away(watched)
    assert objection(2 * whole) is None, "for so long nobody comes"
    assert objection(601 * 60) is not None


def test_the_agents_runs_come_first(watched: Watched) -> None:
    merged(watched)
    full_pool(watched)
    away(watched)
    for _ in range(30):
        for run in backfill.fill(watched.lab, 2, watched.now()):
            if run.purpose is not Purpose.STUDY:
                watched.start(run)
                watched.end(run)
        watched.ticks(1)
    watched.held = True
    opened = [study for study in studies.open_(watched.lab.ledger.reader) if study.kind is not Kind.SENTINEL]
    assert opened, "else there is nothing to be before"
    made = watched.change("bob", 0.1, lr=0.4)
    watched.ticks(2)
    waiting = schedule._waiting(watched.lab)
    mine = [n for n, run in enumerate(waiting) if run.experiment == made.id]
    theirs = [n for n, run in enumerate(waiting) if run.study in {study.id for study in opened}]
    assert mine and theirs and max(mine) < min(theirs)


def test_a_limit_of_the_program_is_kept(watched: Watched) -> None:
    merged(watched)
    with watched.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", allowance={"device_hours": 0.01})
    found = offers(watched)
    assert not [o for o in found if o.program == "free" and o.kind in ("baseline", "fresh seed")]


def test_a_run_that_would_pass_the_labs_limit_is_not_asked_for(watched: Watched) -> None:
    watched.ended(watched.run_on("cpu:0"), 3600.0)
    watched.limits(device_hours=1.5)
    told = backfill.judged(watched.lab, watched.now())
    assert told and all("limits.device_hours" in str(j.objection) for j in told if j.offer.rate >= backfill.LIMITED)
    assert backfill.fill(watched.lab, 2, watched.now()) == []


def test_where_device_hours_are_limited_only_what_is_bought_anyway_is_taken(watched: Watched) -> None:
    merged(watched)
    full_pool(watched)
    away(watched)
    watched.later(hours=9)
    again = [j for j in backfill.judged(watched.lab, watched.now()) if j.offer.kind == "baseline again"]
    assert again and all(j.objection is None for j in again), "nobody comes"
    watched.limits(device_hours=1000.0)
    again = [j for j in backfill.judged(watched.lab, watched.now()) if j.offer.kind == "baseline again"]
    assert all("where device-hours are limited" in str(j.objection) for j in again)


def test_old_baselines_are_repeated_while_agents_are_here_only_when_nearly_stale(watched: Watched) -> None:
    full_pool(watched)
    assert backfill.fill(watched.lab, 2, watched.now()) == []
    watched.later(hours=11)
    found = backfill.fill(watched.lab, 2, watched.now())
    assert len(found) == 2 and all(run.purpose is Purpose.POOL and run.program is None for run in found)


def test_a_head_is_compared_with_its_root_seed_by_seed_one_run_at_a_time(watched: Watched) -> None:
    merged(watched)
    one = offers(watched, fresh)
    assert len(one) == 1 and one[0].rate == value.FRESH and "0 of 8 fresh seeds" in one[0].why
    watched.held = True
    rates = []
    for _ in range(2 * fresh.PAIRS):
        (offer,) = offers(watched, fresh)
        rates.append(offer.rate)
        offer.take(watched.now())
        for run in runs.in_state(watched.lab.ledger.reader, RunState.QUEUED):
            if run.purpose is Purpose.FRESH:
                watched.start(run)
                watched.end(run)
        watched.ticks(1)
    assert offers(watched, fresh) == [] and rates[0] > rates[-1]
    made = RUNS.select(watched.lab.ledger.reader, "WHERE purpose = 'fresh'")
    assert len({run.slot for run in made}) == fresh.PAIRS and len({run.seed for run in made}) == fresh.PAIRS


def test_a_fresh_seed_that_fails_is_left_to_the_headline_and_a_tree_that_fails_is_left_alone(watched: Watched) -> None:
    merged(watched)
    watched.held = True
    for failed in range(fresh.DEAD):
        (offer,) = offers(watched, fresh)
        offer.take(watched.now())
        (run,) = [run for run in runs.in_state(watched.lab.ledger.reader, RunState.QUEUED) if run.purpose is Purpose.FRESH]
        assert run.slot == failed, "another seed; this one again is not ours to ask for"
        with watched.lab.ledger.transaction() as tx:
            tx.execute("UPDATE runs SET state = 'failed' WHERE id = ?", (run.id,))
    assert offers(watched, fresh) == []


def test_values_of_the_root_serve_the_next_head(watched: Watched) -> None:
    merged(watched)
    watched.held = True
    for _ in range(2):
        offers(watched, fresh)[0].take(watched.now())
    root, _ = RUNS.select(watched.lab.ledger.reader, "WHERE purpose = 'fresh' ORDER BY queued_at")
    for run in RUNS.select(watched.lab.ledger.reader, "WHERE purpose = 'fresh'"):
        watched.start(run)
        watched.end(run)
    watched.held = False
    second = watched.change("bob", 0.3, degree=4)
    watched.until(watched.settled(second.id))
    offers(watched, fresh)[0].take(watched.now())
    newest = RUNS.select(watched.lab.ledger.reader, "WHERE purpose = 'fresh' ORDER BY CAST(substr(id, 2) AS INTEGER)")[-1]
    assert newest.slot == root.slot and newest.tree != root.tree


def test_values_of_another_budget_serve_no_head(watched: Watched) -> None:
    merged(watched)
    watched.held = True
    con = watched.lab.ledger.reader

    def play(count: int) -> None:
        for _ in range(count):
            offers(watched, fresh)[0].take(watched.now())
            for run in watched.queued():
                if run.purpose is Purpose.FRESH:
                    watched.start(run)
                    watched.end(run)
            watched.ticks(1)

    def pairs() -> list[tuple[float, float]]:
        trees = [r.tree for r in RUNS.select(con, "WHERE purpose = 'fresh' ORDER BY CAST(substr(id, 2) AS INTEGER)")]
        return reads.fresh_pairs(con, "free", *trees[:2])

    play(4)
    assert len(pairs()) == 2
    set_rung(watched, run_budget="200step")
    assert "0 of 8 fresh seeds" in offers(watched, fresh)[0].why
    play(1)
    again = RUNS.select(con, "WHERE purpose = 'fresh' AND budget = '200step'")
    assert [(r.slot, r.device) for r in again] == [(2, "cpu:0")], "a seed of its own"
    here, there = watched.lab.devices
    assert schedule._choose(watched.lab, again[0], [replace(there, model="another model"), here]) == [here]
    play(1)
    assert len(pairs()) == 1, "the pair of today's budget, and none with a value of yesterday's"


def test_a_merge_is_offered_its_certificate_once_priced_by_its_chance(watched: Watched) -> None:
    id = merged(watched)
    (offer,) = offers(watched, certificates)
    assert offer.subject == id and offer.runs == 2 * watched.lab.protocol.certificate.runs
    assert offer.device_seconds == pytest.approx(offer.runs * value.run_seconds(watched.lab))
    e = watched.experiment(id)
    sure = certificates.odds(watched.lab, e, 1, 0)
    poor = certificates.odds(watched.lab, replace(e, gain=(e.gain or 0) / 50), 1, 0)
    assert poor < 0.1 < sure and offer.rate == pytest.approx(value.CLAIM * sure)
    assert certificates.odds(watched.lab, e, 400, 0) <= sure, "a later merge needs more"
    offer.take(watched.now())
    assert offers(watched, certificates) == []


def test_a_merge_whose_label_forbids_the_claim_is_offered_none(watched: Watched) -> None:
    id = merged(watched)
    with watched.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, id, label="explained by compute")
    assert offers(watched, certificates) == []


def test_a_sentinel_is_worth_more_the_more_rests_on_it(watched: Watched) -> None:
    full_pool(watched)
    assert offers(watched, sentinels) == []
    watched.held = False
    rates = []
    for n in range(3):
        made = watched.change("ann", -0.5, lr=0.3 + n / 100)
        watched.until(watched.settled(made.id))
        rates += [o.rate for o in offers(watched, sentinels)]
    assert rates == sorted(rates) and len(rates) == 3
    offers(watched, sentinels)[0].take(watched.now())
    assert studies.open_(watched.lab.ledger.reader, Kind.SENTINEL) and offers(watched, sentinels) == []


def test_a_merge_of_two_keys_is_offered_its_ablation(watched: Watched) -> None:
    made = watched.change("ann", 0.1, lr=0.3, degree=4)
    watched.until(watched.settled(made.id))
    (offer,) = offers(watched, ablations)
    assert offer.subject == made.id and "2 parts" in offer.why
    offer.take(watched.now())
    assert offers(watched, ablations) == []


def test_a_merge_of_one_key_is_offered_none(watched: Watched) -> None:
    merged(watched)
    assert offers(watched, ablations) == []


def racing_with(watched: Watched, flops: float) -> str:
    """An experiment that races, with two runs that say what they spent."""
    made = watched.change("ann", 0.02, lr=0.31)
    watched.held = True
    watched.ticks(2)
    at = watched.experiment(made.id)
    with watched.lab.ledger.transaction() as tx:
        for run in runs.in_state(tx, *OUTSTANDING):
            tx.execute("UPDATE runs SET state = 'cancelled' WHERE id = ?", (run.id,))
        for slot in range(2):
            for tree, purpose, spent in ((at.run_tree, Purpose.RACE, flops), (at.base_tree, Purpose.POOL, 1.0)):
                run = Run(
                    id=RUNS.next_name(tx, "R"), purpose=purpose, state=RunState.SUCCEEDED, tree=tree, seed=slot, slot=slot,
                    rung=0, depth=None, budget=watched.lab.rung.run_budget, queued_at=watched.now(), program="free",
                    experiment=made.id if purpose is Purpose.RACE else None, pool=at.pool, metric=1.0, device="cpu:0",
                    record={"flops": spent, "tokens": 1.0, "parameters": 1.0}, started_at=watched.now(),
                    finished_at=watched.now(),
                )  # fmt: skip
                RUNS.insert(tx, run)
                if purpose is Purpose.POOL:
                    pools.accept(tx, run)
    return made.id


def test_a_curve_is_offered_where_a_keep_of_other_compute_is_in_sight(watched: Watched) -> None:
    id = racing_with(watched, 1.2)
    (offer,) = offers(watched, curve_offers)
    assert id in offer.why and "1.2 times the FLOPs" in offer.why
    offer.take(watched.now())
    assert offers(watched, curve_offers) == []
    (study,) = studies.open_(watched.lab.ledger.reader, Kind.CURVE)
    watched.ticks(2)
    (first, *_) = schedule._waiting(watched.lab)
    assert schedule._order(first, schedule._opened(watched.lab)) > schedule.ORDER[Purpose.RACE], "nobody waits for it yet"
    with watched.lab.ledger.transaction() as tx:
        curves.hurry(tx, study)
    assert schedule._order(first, schedule._opened(watched.lab)) < schedule.ORDER[Purpose.RACE], "a keep waits for it"


def test_a_change_of_equal_compute_needs_no_curve(watched: Watched) -> None:
    racing_with(watched, 1.0)
    assert offers(watched, curve_offers) == []


def test_seconds_of_another_budget_are_in_proportion(watched: Watched) -> None:
    whole = value.run_seconds(watched.lab, watched.lab.rung.run_budget)
    assert value.run_seconds(watched.lab, "25step") == pytest.approx(whole / 4)
    assert value.run_seconds(watched.lab, "25step", gang=8) == pytest.approx(2 * whole)
    assert value.run_seconds(watched.lab, "7s") == whole, "of another unit nothing is known"


def test_screens_have_their_own_empty_seeds(watched: Watched) -> None:
    watched.configure(protocol=watched.lab.config.protocol.model_copy(update={"screen": "on"}))
    found = [o for o in offers(watched, baselines) if o.kind == "screen baseline"]
    assert len(found) == settings.of_screen(watched.lab).pool_size
    assert found[0].device_seconds < value.run_seconds(watched.lab) and "coming screens" in found[0].why


def test_what_it_takes_is_asked_of_admission_once_each(watched: Watched) -> None:
    """Two runs that fit one by one and not together: one is asked for."""
    watched.ended(watched.run_on("cpu:0"), 3600.0)
    watched.limits(device_hours=2.5)
    assert admission.run_hours(watched.lab, watched.lab.rung.run_budget)[0] == pytest.approx(1.0)
    assert len(backfill.fill(watched.lab, 2, watched.now())) == 1
