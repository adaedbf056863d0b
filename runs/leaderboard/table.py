"""The board for people."""

from collections.abc import Iterator, Sequence

from runs.leaderboard import rule
from runs.leaderboard.rows import Board

_LINE = "{:>3}  {:10}  {:>8}  {:>17}  {:>9}  {:>4}  {:>8}  {:9}  {}"


def of(board: Board, found: Sequence[rule.Finding]) -> str:
    """Records, then what else was logged, then what others report."""
    return "\n".join([*_records(board, found), *_logged(board, found), *_references(board)])


def _records(board: Board, found: Sequence[rule.Finding]) -> Iterator[str]:
    standing = [(f.record, f.numbers) for f in found if f.numbers and not f.objections]
    if not standing:
        yield "No record yet. What makes one: runs/README.md."
        return
    yield _LINE.format("", "date", "hours", "CORE", "bpb", "runs", "p faster", "commit", "what; hardware")
    for place, (record, numbers) in enumerate(standing, start=1):
        hardware = board.side(record.campaign, record.commit)[0].hardware
        core = f"{numbers.core:.4f} ± {rule.CORE_SD * numbers.core:.4f}"
        p = "first" if numbers.p_time is None else f"{numbers.p_time:.1g}"
        told = (f"{numbers.seconds / 3600:.3f}", core, f"{numbers.bpb:.5f}", numbers.runs, p)
        yield _LINE.format(place, record.date, *told, record.commit[:9], f"{record.name}; {hardware}")
    yield f"CORE ± is the known spread of one run, {rule.CORE_SD:.0%}; the gate is bits per byte."


def _logged(board: Board, found: Sequence[rule.Finding]) -> Iterator[str]:
    for finding in found:
        for objection in finding.objections:
            yield f"no record: {finding.record.name} ({finding.record.commit[:9]}): {objection}"
    claimed = {(finding.record.campaign, finding.record.commit) for finding in found}
    sides = dict.fromkeys((run.campaign, run.commit) for run in board.runs)
    for campaign, commit in sides:
        runs = board.side(campaign, commit)
        broken = [f"run {run.number} {run.status} ({run.reason})" for run in runs if run.status != "succeeded"]
        if (campaign, commit) not in claimed or broken:
            yield f"logged: {len(runs)} runs of {commit[:9]} in campaign {campaign}{''.join(f'; {what}' for what in broken)}"


def _references(board: Board) -> Iterator[str]:
    if board.references:
        yield ""
        yield "Reported by others, on their own data and hardware; cited, not compared:"
    for reference in board.references:
        yield f"  {reference.who}: {reference.figure}; {reference.hardware}; {reference.source}"
