"""A revert, measured: the head without a merge against the head with it, on the same seeds. The runs fill the new pool."""

import dataclasses
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.comms.figures import gain
from org.lab import announce, pools
from org.lab.lab import Lab
from org.lab.studies import arms
from org.lab.studies.kind import Finding, Wanted
from org.model.run import Run
from org.model.study import Kind, Study
from org.science import ablation
from org.science.ablation import Role
from org.store import events
from org.store.tables import EXPERIMENTS

RANK = 1.5  # the next races of the program wait for this pool
WORDS = {
    Role.CARRIES: "it carried a gain that is lost now",
    Role.NOTHING: "nothing is lost with it",
    Role.HARMS: "the head is better without it",
    Role.UNCLEAR: "what is lost with it cannot be told at so few runs",
}


@dataclass(frozen=True, slots=True)
class RevertStudy:
    """plan: where (program, or the lab), before, after (trees), pool_before, pool_after."""

    kind: Kind = Kind.REVERT
    rank: float = RANK
    backfill: bool = False
    spares_failures: bool = True

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """Four runs of each head, where their pools do not have them."""
        if arms.broken(con, study, values) is not None:
            return []
        wanted = []
        for name in ("pool_after", "pool_before"):
            pool = arms.pool(con, study.plan[name])
            have = pools.values(lab, con, pool.id)
            lacking = arms.lacking(lab, con, pool, values, [pool.tree], lab.protocol.recheck.runs)
            wanted += [want for want in lacking if have[want.number] is None]
        return wanted

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """What was lost, told to the author, the chief and who asked; the new pool has the runs."""
        e, failed = EXPERIMENTS.get(con, study.subject), arms.broken(con, study, values)
        subject = f"{study.id}: {study.plan['where']} without {e.id}"
        if failed is not None:
            found = Finding(f"the head without {e.id} does not run ({failed.id}: {failed.reason})", {}, failed=True)
            announce.asked(lab, con, study, subject, found.reason, now, also=[e.author])
            return found
        sides = [arms.pool(con, study.plan[name]) for name in ("pool_before", "pool_after")]
        before, after = (_on_slots(lab, con, study, values, name) for name in ("pool_before", "pool_after"))
        spread, df = arms.spread(lab, con, sides[0], values)
        negligible = lab.protocol.ablation.negligible * abs(e.measured_gain or 0.0)
        told = ablation.decide(before, after, spread=spread, df=df, negligible=negligible, protocol=lab.protocol)
        pools.carry_over(lab, con, sides[1], [run for run in values if run.tree == sides[1].tree], now)
        said = (
            f"without {e.id} the head of {study.plan['where']} loses {gain(told.effect)} "
            f"({gain(told.low)} to {gain(told.high)}, {told.runs} + {told.runs} runs): {WORDS[told.role]}"
        )
        events.append(con, "experiment.revert_measured", e.id, at=now, study=study.id)
        announce.asked(lab, con, study, subject, f"{said}.\n\nThe page: `org show {e.id}`.", now, also=[e.author])
        return Finding(said, dataclasses.asdict(told))


def _on_slots(lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], name: str) -> list[float]:
    """A head's values on the seeds of the study, from its pool or from its own runs."""
    pool = arms.pool(con, study.plan[name])
    have = pools.values(lab, con, pool.id)
    own = {run.slot: lab.sign * (run.metric or 0.0) for run in values if run.tree == pool.tree}
    slots = arms.slots(lab, pool)[: lab.protocol.recheck.runs]
    found = [own.get(slot, have[slot]) for slot in slots]
    return [value for value in found if value is not None]
