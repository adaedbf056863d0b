"""Is a kept change worth its code? A small gain that adds ugly code is not; equal with less code is. By
protocol.worth_it the lab answers by a rule, or the chief or a person is asked once and answers with
`org approve|refuse EXPERIMENT`."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from org.comms.figures import gain, plural
from org.lab import announce
from org.lab.lab import Lab
from org.lab.memory import footprints, tried
from org.model.errors import Refused
from org.model.experiment import Event, Experiment, State
from org.model.message import HUMAN, OFFICE, Kind
from org.model.run import Run
from org.science import sigma
from org.store import events, experiments, mail, reads
from org.store.tables import EVENTS, EXPERIMENTS, MESSAGES

ANSWER = "worth_it"  # in label_detail: who agreed to the merge


def objection(lab: Lab, e: Experiment) -> str | None:
    """The lab's own rule; None where the change is worth it, or where somebody is asked."""
    protocol = lab.config.protocol
    noise, net = e.decision.get("sigma"), e.lines_added - e.lines_removed
    if protocol.worth_it != "auto" or e.gain is None or not isinstance(noise, int | float):
        return None
    if e.gain >= noise or net <= protocol.small_gain_lines:
        return None
    return (
        f"not worth it: its gain ({gain(e.measured_gain)} measured, {gain(e.gain)} after shrinking) is below the noise of one "
        f"run ({noise:.4f}), and it adds "
        f"{plural(net, 'line')}; {protocol.small_gain_lines} are allowed for so little. The same gain with less code may be "
        "proposed again"
    )


def is_agreed(lab: Lab, e: Experiment, now: datetime) -> bool:
    """Whether nothing stands against the merge; asks once where somebody has to say."""
    if lab.config.protocol.worth_it == "auto" or ANSWER in e.label_detail:
        return True
    if not _is_asked(lab.ledger.reader, e):
        body = request(lab, e)
        with lab.ledger.transaction() as tx:
            mail.post(
                tx, OFFICE, _judge(lab), Kind.NOTE, f"Is {e.id} worth its code? {e.subject}", body, now, refs=(e.id,),
                id=_letter(tx, e),
            )  # fmt: skip
    return False


def waiting(lab: Lab, con: sqlite3.Connection) -> list[Experiment]:
    """Keeps whose merge somebody was asked about and has not answered."""
    if lab.config.protocol.worth_it == "auto":
        return []
    return [e for e in experiments.in_state(con, State.QUEUED) if _is_asked(con, e)]


def agree(lab: Lab, id: str, now: datetime, actor: str) -> str:
    """The merge may happen."""
    with lab.ledger.transaction() as tx:
        e = _asked(tx, id)
        EXPERIMENTS.update(tx, id, label_detail=e.label_detail | {ANSWER: actor})
        events.append(tx, "experiment.worth_it", id, actor, now)
    return f"{id} may be merged"


def decline(lab: Lab, id: str, now: datetime, actor: str, reason: str) -> str:
    """It stays what it is, better than its base, and is not merged."""
    with lab.ledger.transaction() as tx:
        _asked(tx, id)
        told = f"not worth it, says {actor}: {reason or 'no reason was given'}"
        announce.verdict(lab, tx, experiments.move(tx, id, Event.DECLINE, now, actor, told), now)
    return f"{id} is not merged"


def request(lab: Lab, e: Experiment) -> str:
    """What the answer needs: the gain beside its noise, what it costs in code, memory and time, how to answer."""
    footprint = footprints.of(lab, [e]).get(e.id, tried.NOTHING)
    knobs = [key for key, (before, _) in footprint.recipe.items() if before is None]
    mine, base = _arms(lab, e)
    rows = [
        f"gain {gain(e.measured_gain)} measured, {gain(e.gain)} after shrinking; noise of one run {e.decision['sigma']:.4f}",
        f"label: {e.label_detail['reason']}",
        f"code: +{e.lines_added} −{e.lines_removed} lines in {', '.join(footprint.paths) or 'the recipe alone'}; "
        f"new recipe knobs: {', '.join(knobs) or 'none'}",
        _beside("peak memory", "MB", _mean(mine, _memory), _mean(base, _memory)),
        _beside("step time", "ms", _mean(mine, _step_ms), _mean(base, _step_ms)),
    ]
    diff = f"`git diff {e.base_commit[:12]} {e.tip_commit[:12]}` shows it."
    answer = f"`org approve {e.id}` merges it; `org refuse {e.id} --reason …` does not. Nothing else waits for this."
    return "\n".join(f"- {row}" for row in rows if row) + f"\n\n{diff}\n\n{answer}"


def _judge(lab: Lab) -> str:
    return lab.chief if lab.config.protocol.worth_it == "chief" and lab.chief else HUMAN


def _letter(con: sqlite3.Connection, e: Experiment) -> str:
    """One a verdict: what was reopened and kept again is asked about again, if with as many runs as before."""
    reopened = EVENTS.count(con, "WHERE kind = 'experiment.reopened' AND subject = ?", e.id)
    again = f"-again-{reopened}" if reopened else ""
    return f"worth-{e.id}-{e.decision.get('candidate_runs', 0)}{again}"


def _is_asked(con: sqlite3.Connection, e: Experiment) -> bool:
    return ANSWER not in e.label_detail and MESSAGES.find(con, _letter(con, e)) is not None


def _asked(con: sqlite3.Connection, id: str) -> Experiment:
    e = EXPERIMENTS.get(con, id)
    if e.state is not State.QUEUED or not _is_asked(con, e):
        raise Refused(f"nobody was asked about the merge of {id}: it is {e.state.value.replace('_', ' ')}")
    return e


def _arms(lab: Lab, e: Experiment) -> tuple[Sequence[Run], Sequence[Run]]:
    con = lab.ledger.reader
    mine = [r for r in reads.last_race(con, e.id) if r.tree == e.run_tree and r.metric is not None]
    return mine, reads.pool_runs(con, mine[-1].pool) if mine and mine[-1].pool is not None else []


def _mean(runs: Sequence[Run], of: Any) -> float | None:
    known = [value for run in runs if (value := of(run.record)) is not None]
    return sigma.mean(known) if known else None


def _memory(record: dict[str, Any]) -> float | None:
    return record.get("peak_memory_mb")


def _step_ms(record: dict[str, Any]) -> float | None:
    steps, seconds = record.get("timed_steps") or record.get("steps"), record.get("train_seconds")
    return 1000 * seconds / steps if steps and seconds else None


def _beside(what: str, unit: str, mine: float | None, base: float | None) -> str:
    """`step time 12.1 ms, base 11.0 ms (+10.0 %)`; nothing where the task does not report it."""
    if mine is None or not base:
        return ""
    return f"{what} {mine:.4g} {unit}, base {base:.4g} {unit} ({100 * (mine / base - 1):+.1f} %)"
