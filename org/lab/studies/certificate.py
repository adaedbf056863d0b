"""A certificate: fresh runs of the head after a merge and of the head before it, none of which selected anything.

`science.certificate` decides at a level that falls with the merge's number in the ledger and rises with the certificates
already given; one test a merge. Not certified stays merged and is not claimed.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.lab import announce, pools, seeds
from org.lab.lab import Lab
from org.lab.studies.kind import Finding, Wanted
from org.model.errors import Refused
from org.model.experiment import Claim, Event, Experiment, State
from org.model.merge import Merge
from org.model.run import Run
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.science import certificate, sigma
from org.science.certificate import Certificate
from org.store import experiments, reads, studies
from org.store.tables import EXPERIMENTS, PROGRAMS
from org.workspace import snapshots

RANK = 9.5  # after everything that a verdict waits for
TESTABLE = frozenset({State.MERGED, State.CONFIRMED})
UNUSED = {"unused": True}  # the outcome of a test that ended while its experiment was not merged; another one may be made
NO_NOISE = "no pool of today's task and devices has two runs yet, so the noise is not known"


@dataclass(frozen=True, slots=True)
class CertificateStudy:
    """Both arms at once, side by side on the same seeds, as the runs of one pool: dropped when that is no longer today's."""

    kind: Kind = Kind.CERTIFICATE
    rank: float = RANK
    backfill: bool = False

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """The old head's run and the new one's of each seed."""
        if values or studies.runs_of(con, study.id):
            return []
        count, arms = study.plan["runs"], (study.plan["old"], study.plan["new"])
        return [
            Wanted(tree, seeds.certificate_seed(con, study.id, number), arm * count + number, pool=study.plan.get("pool"))
            for number in range(count) for arm, tree in enumerate(arms)
        ]  # fmt: skip

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """The certificate, and the experiment's state with it."""
        e, count = EXPERIMENTS.get(con, study.subject), study.plan["runs"]
        if e.state not in TESTABLE:
            return Finding(f"{e.id} is {e.state.value} by now: its runs say nothing of what is merged", UNUSED, failed=True)
        spread, df = _noise(lab, con, study.plan["old"])
        if not df:
            return Finding(NO_NOISE, {}, failed=True)
        by_number = {run.slot: lab.sign * (run.metric or 0.0) for run in values}
        old, new = ([by_number[arm * count + n] for n in range(count)] for arm in (0, 1))
        found = _certify(lab, con, study, e, old, new, (spread, df))
        event = Event.CERTIFY if found.certified else Event.UNCERTIFY
        announce.verdict(lab, con, experiments.move(con, e.id, event, now, reason=_words(found)), now)
        outcome = dataclasses.asdict(found) | {"merge": study.plan["merge"], "sigma": spread, "df": df, "runs": count}
        return Finding(_words(found), outcome)


def ask(lab: Lab, con: sqlite3.Connection, id: str, actor: str, now: datetime) -> Study:
    """Ask for one experiment's certificate. Refused unless it is merged and was not tested yet."""
    e = EXPERIMENTS.get(con, id)
    if e.state not in TESTABLE:
        why = "it has had its test; a second one would not hold" if e.state in (State.CERTIFIED, State.UNCERTIFIED) else \
            "only what is merged, and did not fail its transfer, can be certified"  # fmt: skip
        raise Refused(f"{id} is {e.state.value}: {why}")
    number, merge = _merge(con, id)
    for study in studies.of_subject(con, Kind.CERTIFICATE, id):
        if study.state is StudyState.DONE and study.plan["merge"] == number:
            raise Refused(f"{study.id} has tested this merge: {study.reason}")
    old, new = _arms(lab, con, merge)
    if old == new:
        raise Refused(f"on today's root of {merge.program} nothing is left of {id}: there is nothing to test")
    if not _noise(lab, con, old)[1]:
        raise Refused(f"{NO_NOISE}; let the lab race or idle for a while")
    pool, runs = pools.of_tree(lab, con, old, now).id, lab.protocol.certificate.runs
    return studies.ask(con, Kind.CERTIFICATE, id, actor, now, merge=number, old=old, new=new, runs=runs, pool=pool)


def ask_all(lab: Lab, con: sqlite3.Connection, actor: str, now: datetime) -> list[Study]:
    """Every merge that was not tested yet, in the ledger's order, less what is refused. Refused where that is all."""
    asked: list[Study] = []
    refused: list[Refused] = []
    for id in dict.fromkeys(m.experiment for m in reads.merges(con)):
        if EXPERIMENTS.get(con, id).state in TESTABLE:
            try:
                asked.append(ask(lab, con, id, actor, now))
            except Refused as error:
                refused.append(error)
    if refused and not asked:
        raise refused[0]
    return asked


def is_asked(con: sqlite3.Connection, id: str, number: int) -> bool:
    """Whether that merge has its test, waits for it, or cannot have it. A test that was dropped, or went unused, is none."""
    mine = [study for study in studies.of_subject(con, Kind.CERTIFICATE, id) if study.plan["merge"] == number]
    return any(study.state is not StudyState.CANCELLED and study.outcome != UNUSED for study in mine)


def given(con: sqlite3.Connection) -> list[Study]:
    """Certificates given so far; what was taken back since stays counted."""
    return [study for study in studies.done(con, Kind.CERTIFICATE) if study.outcome.get("certified")]


def _merge(con: sqlite3.Connection, id: str) -> tuple[int, Merge]:
    """Its last merge, and that merge's number in the whole lab."""
    numbered = [(number, m) for number, m in enumerate(reads.merges(con), 1) if m.experiment == id]
    if not numbered:
        raise Refused(f"{id} has no merge in the ledger")
    return numbered[-1]


def _arms(lab: Lab, con: sqlite3.Connection, merge: Merge) -> tuple[str, str]:
    """The head before and after the merge, both with the protected files of today's root: they differ by the merge alone."""
    program = PROGRAMS.get(con, merge.program)

    def today(tree: str) -> str:
        assert program.root_commit is not None
        return snapshots.run_tree(lab.git, program.root_commit, tree, program.editable, lab.config.task.protected)

    return today(reads.tree_before(con, merge)), today(merge.tree)


def _noise(lab: Lab, con: sqlite3.Connection, tree: str) -> tuple[float, float]:
    """Spread and degrees of freedom of today's pools; none of them holds a run of a certificate."""
    current = pools.of_races(lab, con, tree)
    if not current:
        return 0.0, 0.0
    mine = [v for v in pools.values(lab, con, current[0].id) if v is not None]
    return sigma.pooled([mine], *pools.spread_before(lab, con, current[0]))


def _certify(
    lab: Lab, con: sqlite3.Connection, study: Study, e: Experiment, old: Sequence[float], new: Sequence[float],
    noise: tuple[float, float],
) -> Certificate:  # fmt: skip
    """A simplification is tested for its claim: with its margin; its gain is told without."""
    spread, df = noise
    before = len(given(con))

    def test(margin: float) -> Certificate:
        shifted = [value + margin for value in old]
        return certificate.certify(
            shifted, new, spread, df, merge=study.plan["merge"], certified_before=before, protocol=lab.protocol
        )  # fmt: skip

    plain = test(0.0)
    if e.claim is not Claim.SIMPLIFY:
        return plain
    claimed = test(e.margin)
    return dataclasses.replace(
        claimed, gain=plain.gain, shrunk_gain=plain.shrunk_gain, p_not_positive=plain.p_not_positive,
        reason=f"{claimed.reason}, with its margin {e.margin:g}",
    )  # fmt: skip


def _words(found: Certificate) -> str:
    may = "certified" if found.certified else "not certified: it stays merged and is not claimed"
    return f"{may}; gain {found.gain:+.5g} ± {found.se:.2g} on fresh seeds, {found.reason}"
