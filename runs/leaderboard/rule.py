"""What makes a record, recomputed from the rows whenever it is asked for.

1. A campaign's runs are numbered from 1 without a gap: what was started is on the board, whatever came of it.
2. A commit has one try: the first campaign on that hardware in which it is not the record already.
3. The first RUNS finished runs of it count, and beside them, on the same hardware and in the same campaign, the first RUNS of
   the record before it, timed again; seeds differ. Further ones that finish make no record and unmake none: a campaign that
   may grow until it passes passes sometimes by luck. A run that diverged, or whose score is invalid, disqualifies; one that
   the machine broke is shown and counts for nothing.
4. Its mean time is lower: Welch's one-sided test, p < P.
5. It reaches the target, one-sided p < P. The first record on some validation data: mean CORE over BAR. Its worst run sets
   the bar in bits per byte, which are a hundred times less noisy: later records have to be below that, and not clearly
   below BAR in CORE.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from runs.leaderboard import evidence
from runs.leaderboard.rows import Board, Record, Run

BAR = 0.2565  # CORE of GPT-2 with 1.6 B parameters
RUNS = 4
P = 0.01
CORE_SD, BPB_SD = 0.02, 6e-5  # relative, over seeds: known least spreads of both metrics
DIVERGED = "nan"  # how the reason of such a run begins


@dataclass(frozen=True, slots=True)
class Numbers:
    """Means over the runs that count, their number, and what the tests gave. p_time is None for the first record on its
    hardware, bar (in bits per byte) for the record that sets it."""

    runs: int
    seconds: float
    core: float
    bpb: float
    p_time: float | None
    p_target: float
    bar: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim recomputed; numbers are None where there are too few runs to test."""

    record: Record
    numbers: Numbers | None
    objections: tuple[str, ...]


def findings(board: Board) -> list[Finding]:
    """Every claim, in order; one with objections is no record, and none is compared with it."""
    found: list[Finding] = []
    for record in board.records:
        standing = [finding for finding in found if not finding.objections]
        found.append(_finding(board, record, standing))
    return found


def gaps(board: Board) -> list[str]:
    """Campaigns whose numbers are not 1, 2, 3, …"""
    campaigns = dict.fromkeys(run.campaign for run in board.runs)
    numbers = {name: sorted(run.number for run in board.runs if run.campaign == name) for name in campaigns}
    return [
        f"campaign {name}: runs are numbered {', '.join(map(str, found))}, not 1 to {len(found)}: every run is logged, once"
        for name, found in numbers.items()
        if found != list(range(1, len(found) + 1))
    ]


def _finding(board: Board, record: Record, standing: Sequence[Finding]) -> Finding:
    logged = board.side(record.campaign, record.commit)
    side = _counted(logged)
    if len(side) < RUNS:
        told = f"{len(side)} finished runs of {record.commit} in campaign {record.campaign}: want {RUNS}"
        return Finding(record, None, (told,))
    bar = _bar(board, side[0], standing)
    p_time, slow = _time(board, record, side, _last(board, side[0], standing))
    p_target, short = _target(side, bar)
    seconds, core, bpb = (fmean(_values(side, name)) for name in ("seconds", "core", "bpb"))
    numbers = Numbers(len(side), seconds, core, bpb, p_time, p_target, bar)
    return Finding(record, numbers, (*_unfair(board, record, logged), *slow, *short))


def _unfair(board: Board, record: Record, logged: Sequence[Run]) -> Iterator[str]:
    """What is wrong with the campaign itself."""
    yield from (told for told in gaps(board) if told.startswith(f"campaign {record.campaign}:"))
    for run in logged:
        if run.status == "invalid" or (run.status == "failed" and (run.reason or "").startswith(DIVERGED)):
            yield f"run {run.number} {'diverged' if run.status == 'failed' else 'is invalid'} ({run.reason})"
    side = _counted(logged)
    seeds = [run.seed for run in side]
    if len(set(seeds)) < len(seeds):
        yield f"a seed was run twice: {', '.join(map(str, seeds))}"
    first = next(run.campaign for run in board.runs if run.commit == record.commit and run.hardware == side[0].hardware)
    if first != record.campaign:
        yield f"{record.commit} had its try in campaign {first}"
    commits = dict.fromkeys(run.commit for run in board.runs if run.campaign == record.campaign)
    whole = [run for commit in commits for run in _counted(board.side(record.campaign, commit))]
    yield from _differences("the campaign's", whole, ("hardware", "versions", "bundle_digest"))
    yield from _differences("its", side, ("code_digest", "data_digest", "validation", "depth"))


def _differences(whose: str, runs: Sequence[Run], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        values = {str(getattr(run, name)) for run in runs}
        if len(values) > 1:
            yield f"{whose} runs differ in {name}: {', '.join(sorted(values))}"


def _time(board: Board, record: Record, side: Sequence[Run], prior: str | None) -> tuple[float | None, list[str]]:
    """p that it is not faster, and objections."""
    if record.prior != prior:
        return None, [f"it names {record.prior} as the record before it; on this hardware that is {prior}"]
    if prior is None:
        return None, []
    old = _counted(board.side(record.campaign, prior))
    if len(old) < RUNS:
        return None, [f"{len(old)} finished runs of {prior} beside it: want {RUNS}, timed again"]
    p = evidence.faster(_values(side, "seconds"), _values(old, "seconds"))
    return p, [] if p < P else [f"not clearly faster than {prior}: p = {p:.2g}, want < {P}"]


def _target(side: Sequence[Run], bar: float | None) -> tuple[float, list[str]]:
    """p that the target is not reached, and objections."""
    core, bpb = _values(side, "core"), _values(side, "bpb")
    if bar is None:
        p = evidence.above(core, BAR, CORE_SD)
        return p, [] if p < P else [f"CORE {fmean(core):.4f} is not clearly over {BAR}: p = {p:.2g}, want < {P}"]
    p = evidence.below(bpb, bar, BPB_SD)
    short = [] if p < P else [f"{fmean(bpb):.5f} bits per byte are not clearly below {bar:.5f}: p = {p:.2g}, want < {P}"]
    worse = evidence.below(core, BAR, CORE_SD)
    return p, short if worse >= P else [*short, f"CORE {fmean(core):.4f} is clearly below {BAR}: p = {worse:.2g}"]


def before(board: Board, run: Run) -> str | None:
    """The commit of the record that a claim with this run has to beat; None for the first on its hardware."""
    return _last(board, run, [finding for finding in findings(board) if not finding.objections])


def _last(board: Board, run: Run, standing: Sequence[Finding]) -> str | None:
    claims = [finding.record for finding in standing]
    same = [claim for claim in claims if _counted(board.side(claim.campaign, claim.commit))[0].hardware == run.hardware]
    return same[-1].commit if same else None


def _bar(board: Board, run: Run, standing: Sequence[Finding]) -> float | None:
    """Bits per byte of the worst run of the first record that was scored on this validation data."""
    for finding in standing:
        side = _counted(board.side(finding.record.campaign, finding.record.commit))
        if side[0].validation == run.validation:
            return max(_values(side, "bpb"))
    return None


def _finished(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.status == "succeeded"]


def _counted(runs: Sequence[Run]) -> list[Run]:
    """Those that a claim is made of: known before the first of them is timed."""
    return sorted(_finished(runs), key=lambda run: run.number)[:RUNS]


def _values(side: Sequence[Run], name: str) -> list[float]:
    return [float(getattr(run, name)) for run in side]
