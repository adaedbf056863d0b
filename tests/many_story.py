"""What happens in a made-up lab, for tests/many.py: tries, verdicts, merges, certificates, curves, fresh seeds."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from many_world import SIGMA, World, make_pool, make_run

from org.model.experiment import Claim, Experiment
from org.model.experiment import State as S
from org.model.merge import Merge
from org.model.merge import State as MergeState
from org.model.message import Kind as MessageKind
from org.model.message import Message
from org.model.pool import Pool
from org.model.run import Purpose
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.model.usage import Usage
from org.science import evidence
from org.store import rows
from org.store.tables import (
    EXPERIMENTS,
    MERGES,
    MESSAGES,
    PROGRAMS,
    STUDIES,
    USAGE,
)

PROGRAMS_OF = (
    ("optimizer", "Which optimizer settings survive at depth 8?", 2.0521),
    ("attention", "Does attention need every layer to look back all the way?", 2.0561),
    ("data-order", "Is there anything left in the order of the data?", 2.0601),
)


CHANGES = (
    "Muon momentum 0.95 instead of 0.90", "warm the learning rate up over 2 % of the steps",
    "half windows in every second layer", "value embeddings in the last third only", "untie the head from the embedding",
    "logit softcap 20 instead of 15", "rope base 50 000", "no weight decay on embeddings", "batch ramp from 1/4",
    "linear decay to zero over the last 60 %", "squared ReLU → GELU", "QK norm before rope", "drop the second bias",
    "depth-scaled initialization", "longer documents first", "AdamW β2 0.95 for the head", "one layer more, narrower",
)  # fmt: skip
LABELS = ("algorithm", "algorithm", "algorithm", "explained by compute", "systems", "explained by parameters")


def make_experiment(w: World, number: int) -> None:
    """One try from proposal to verdict, and what follows from it."""
    author = w.names[number % len(w.names)]
    slug = PROGRAMS_OF[number % len(w.names) % 3][0]
    pool, commit, level = w.heads[slug]
    soonest = min(w.free.values())
    thinking = timedelta(seconds=w.dice.choice((15, 30, 60, 90, 400)) if len(w.names) < 4 else 15)
    proposed = max(w.busy.get(author, w.begun) + thinking, pool.created_at, soonest - timedelta(seconds=20))
    change = CHANGES[w.dice.randrange(len(CHANGES))]
    luck, easy = w.dice.random(), 1.0 / (1.0 + number / 60)  # the first gains are the easy ones
    good = luck > 0.9 and w.dice.random() < max(easy, 0.02)
    effect = w.dice.uniform(0.006, 0.02) * (0.25 + 0.75 * easy) + 0.003 if good else -abs(w.dice.gauss(0.0, 0.008)) + 0.0012
    compute = 1.0 + (w.dice.choice((0.0, 0.0, 0.0, 0.12, 0.3, -0.08)) if number % 3 == 0 else 0.0)
    e = Experiment(
        f"E{number + 1}", slug, author, S.PROPOSED, Claim.IMPROVE, 0.0, change,
        "the last two merges in this program point the same way", "a gain of about 0.004", commit, w.hex(), pool.tree, w.hex(),
        proposed, predicted_gain=round(max(w.dice.gauss(0.004, 0.002), 0.0005), 4), pool=pool.id, branch=f"org/main/{author}",
        lines_added=w.dice.randrange(1, 40), lines_removed=w.dice.randrange(12),
    )  # fmt: skip
    for kind, seconds in (("proposed", 0), ("approved", 1), ("racing", 2)):
        w.say(proposed + timedelta(seconds=seconds), f"experiment.{kind}", e.id, author if kind == "proposed" else "chief")
    fails = luck < 0.05
    count = 2 if fails else w.dice.randrange(3, 6) if good else w.dice.choice((1, 1, 1, 2, 2, 3, 4))
    ready, values = proposed + timedelta(seconds=3), []
    for slot in range(count):
        run = make_run(w, Purpose.RACE, slug, e.run_tree, slot, None if fails else level - effect, ready, compute,
                   experiment=e.id, pool=pool.id)  # fmt: skip
        ready = (run.finished_at or ready) + timedelta(seconds=1)
        values.append(run.metric)
    _conclude(w, e, [v for v in values if v is not None], good, luck, effect, compute, ready)
    w.busy[author] = ready
    _call(w, author, slug, proposed, number)


def _conclude(
    w: World, e: Experiment, values: list[float], good: bool, luck: float, effect: float, compute: float, at: datetime
) -> None:
    assert e.pool is not None
    decision = _decision(w.means[e.pool], values, good) if values else {}
    told = replace(e, decision=decision, gain=decision.get("shrunk_gain"), decided_at=at)
    if not values:
        told = replace(told, state=S.FAILED, reason="both runs: nan: the loss is not a number at step 61", gain=None)
    elif not good:
        parked = luck > 0.97
        reason = "inconclusive after 10 runs" if parked else f"z {decision['z']:.2f} is under the bar of run {len(values)}"
        told = replace(told, state=S.PARKED if parked else S.DISCARDED, reason=reason)
    elif w.dice.random() < 0.1:
        told = replace(told, state=S.NOT_MERGED, reason=f"not worth it: {e.lines_added} lines for {decision['gain']:.4f}")
    else:
        told = _merged(w, told, effect, compute, at)
    EXPERIMENTS.insert(w.con, told)
    if decision:
        _verdict(w, told, at)
    if told.state is not S.CERTIFIED and told.state is not S.UNCERTIFIED:
        w.say(at, f"experiment.{told.state.value}", told.id, was="racing", reason=told.reason)
    subject = f"{told.id} {told.state.value.replace('_', ' ')}"
    MESSAGES.insert(w.con, Message(f"verdict-{e.id}", "office", e.author, MessageKind.VERDICT, subject, told.reason, at,
                                   (e.id,), delivered_at=at, read_at=at))  # fmt: skip


def _decision(base: list[float], values: list[float], kept: bool) -> dict[str, Any]:
    """The numbers of a last look, as science.race has them."""
    nb, nc = len(base), len(values)
    gain, f = math.fsum(base) / nb - math.fsum(values) / nc, 1 / nb + 1 / nc
    se = SIGMA * math.sqrt(f)
    z = gain / se
    e = max(evidence.e_pool(z, f, 1.0), 410.0 if kept else 0.0)
    trust = 0.006**2 / (0.006**2 + se**2)
    verdict, cause = ("keep", "evidence") if kept else ("discard", "futile")
    return {
        "verdict": verdict, "cause": cause, "reason": f"e {e:.3g}", "add_candidate_runs": 0, "add_base_runs": 0,
        "base_runs": nb, "candidate_runs": nc, "gain": gain, "se": se, "t": z, "z": z, "sigma": SIGMA, "df": 40.0,
        "pairs": nc, "pair_z": None, "pair_spread": SIGMA * 0.9, "e_pool": e, "e_pair": 1.0, "e": e, "bar": 0.6,
        "shrunk_gain": gain * trust, "p_not_positive": 0.5 * math.erfc(gain * math.sqrt(trust) / se / math.sqrt(2)),
    }  # fmt: skip


def _verdict(w: World, e: Experiment, at: datetime) -> None:
    looks = e.decision["candidate_runs"] * 100 + e.decision["base_runs"]
    w.con.execute(
        "INSERT INTO verdicts (experiment, at, kind, looks, verdict, decision) VALUES (?, ?, 'race', ?, ?, ?)",
        (e.id, rows.encode(at), looks, e.decision["verdict"], rows.encode(e.decision)),
    )


def _merged(w: World, e: Experiment, effect: float, compute: float, at: datetime) -> Experiment:
    """The head moves: a merge, a label, a new pool; for most a certificate, for every fifth a compute curve of the old one."""
    pool, commit, level = w.heads[e.program]
    new, done = w.hex(), at + timedelta(seconds=3)
    w.merges += 1
    MERGES.insert(w.con, Merge(w.merges, e.id, e.program, f"refs/heads/org/main/program/{e.program}", commit, new, e.run_tree,
                               MergeState.DONE, at, done))  # fmt: skip
    if w.merges % 5 == 1:
        _curve(w, e.program, pool, level, at)
    label = LABELS[w.merges % len(LABELS)] if compute == 1.0 else "explained by compute" if compute > 1.0 else "algorithm"
    matched = {"gain": e.decision["gain"], "se": e.decision["se"]}
    detail = {"reason": f"{label}: gain at equal FLOPs {matched['gain']:+.3g}", "pool": pool.id, "study": None, "z": 1.645,
              "margin": 0.0, "per_flop": matched, "per_token": matched,
              "ratios": {"flops": compute, "tokens": compute, "parameters": 1.0}}  # fmt: skip
    reason = f"e {e.decision['e']:.0f} ≥ 200"
    told = replace(e, state=S.MERGED, reason=reason, merged_commit=new, label=label, label_detail=detail)
    PROGRAMS.update(w.con, e.program, head_commit=new)
    w.say(done, "experiment.merged", e.id, was="queued", reason=told.reason)
    after = make_pool(w, e.program, e.run_tree, level - effect, done)
    w.heads[e.program] = (after, new, level - effect)
    return _certificate(w, told, pool.tree, (level, level - effect), done) if w.dice.random() < 0.7 else told


def _certificate(w: World, e: Experiment, old: str, levels: tuple[float, float], at: datetime) -> Experiment:
    w.studies += 1
    id, arms = f"S{w.studies}", ([], [])  # type: tuple[str, tuple[list[float], list[float]]]
    end = at
    for arm, tree in enumerate((old, e.run_tree)):
        for number in range(6):
            run = make_run(w, Purpose.STUDY, e.program, tree, arm * 6 + number, levels[arm], at, own=1.0, study=id)
            arms[arm].append(run.metric or 0.0)
            end = max(end, run.finished_at or end)
    told = _decision(arms[0], arms[1], False)
    needed = 20.0 * (w.merges / (w.certified + 1)) ** 1.1
    fine = told["e"] >= needed
    w.certified += fine
    outcome = {"certified": fine, "reason": f"e {told['e']:.4g}, needs {needed:.4g}", "gain": told["gain"], "se": told["se"],
               "z": told["z"], "e": told["e"], "needed": needed, "shrunk_gain": told["shrunk_gain"],
               "p_not_positive": told["p_not_positive"], "merge": w.merges, "sigma": SIGMA, "df": 40.0, "runs": 6}  # fmt: skip
    plan = {"merge": w.merges, "old": old, "new": e.run_tree, "runs": 6}
    STUDIES.insert(w.con, Study(id, Kind.CERTIFICATE, e.id, StudyState.DONE, "chief", at, e.program, plan, outcome,
                                outcome["reason"], end))  # fmt: skip
    state = S.CERTIFIED if fine else S.UNCERTIFIED
    w.say(end, f"experiment.{state.value}", e.id, was="merged", reason=outcome["reason"])
    return replace(e, state=state, reason=outcome["reason"])


def _curve(w: World, slug: str, pool: Pool, level: float, at: datetime) -> None:
    w.studies += 1
    id, points, end = f"S{w.studies}", [], at
    for number, share in enumerate((0.7, 0.7, 1.4, 1.4)):
        there = level * (0.86 + 0.14 * share**-0.35)
        budget = f"{share * 2:g}e15flop"
        run = make_run(w, Purpose.STUDY, slug, pool.tree, number, there, at, share, study=id, pool=pool.id, budget=budget)
        points.append([run.budget, run.record["flops"], run.record["tokens"], run.metric])
        end = max(end, run.finished_at or end)
    plan = {"pool": pool.id, "tree": pool.tree, "points": [[0.7, 2], [1.4, 2]]}
    STUDIES.insert(w.con, Study(id, Kind.CURVE, f"pool-{pool.id}", StudyState.DONE, "office", at, slug, plan,
                                {"points": points, "slope": -0.35, "residual": 0.002, "per_cent": -0.001},
                                "1 % more compute is worth about -0.001", end))  # fmt: skip


def run_fresh_seeds(w: World) -> None:
    """Head against root on eight seeds that selected nothing, for each program that merged something."""
    for slug, (pool, _, level) in w.heads.items():
        root, first = w.roots[slug]
        if pool.id != root.id:
            for slot in range(8):
                for tree, at in ((root.tree, first), (pool.tree, level)):
                    make_run(w, Purpose.FRESH, slug, tree, 40 + slot, at, min(w.free.values()))


def _call(w: World, author: str, slug: str, at: datetime, number: int) -> None:
    tokens = 2000 + w.dice.randrange(9000)
    USAGE.insert(w.con, Usage(f"call-{number}", author, at, "model-1", "s1", slug, tokens, tokens // 4, tokens * 9, tokens // 2,
                              dollars=tokens * 1.1e-5))  # fmt: skip
