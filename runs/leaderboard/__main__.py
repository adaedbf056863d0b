"""`python -m runs.leaderboard line RUN | add CAMPAIGN | claim CAMPAIGN … | check | show`. Exit 0 done, 1 refused, 2 bad usage."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from runs.leaderboard import campaign, rows, rule, table
from runs.leaderboard.rows import BoardError


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    try:
        return int(given.call(given))
    except BoardError as error:
        print(f"leaderboard: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runs.leaderboard", description=__doc__)
    parser.add_argument("--board", type=Path, default=rows.PATH)
    verbs = parser.add_subparsers(required=True)
    line = verbs.add_parser("line", help="one run in a line, whether or not it can be on the board")
    add = verbs.add_parser("add", help="log every run of a campaign's folder")
    claim = verbs.add_parser("claim", help="claim a record for a commit of a logged campaign")
    claim.add_argument("--commit", required=True)
    claim.add_argument("--what", required=True, help="what is new, in a few words")
    check = verbs.add_parser("check", help="recompute every claim from the runs; 1 if one does not hold")
    show = verbs.add_parser("show", help="the board")
    show.add_argument("--json", action="store_true")
    line.add_argument("run", type=Path)
    add.add_argument("campaign", type=Path)
    claim.add_argument("campaign", type=Path)
    for verb, call in ((line, _line), (add, _add), (claim, _claim), (check, _check), (show, _show)):
        verb.set_defaults(call=call)
    return parser


def _line(given: argparse.Namespace) -> int:
    print(json.dumps(campaign.line(given.run), ensure_ascii=False))
    return 0


def _add(given: argparse.Namespace) -> int:
    board = rows.read(given.board)
    logged = {(run.campaign, run.number) for run in board.runs}
    new = [run for run in campaign.read(given.campaign) if (run.campaign, run.number) not in logged]
    if gaps := rule.gaps(rows.Board((*board.runs, *new))):
        raise BoardError("; ".join(gaps))
    rows.append(new, given.board)
    name = given.campaign.resolve().name
    print(f"{len(new)} runs of {name} logged; next: python -m runs.leaderboard claim {given.campaign} --commit … --what …")
    return 0


def _claim(given: argparse.Namespace) -> int:
    """A claim that does not hold is not written."""
    board, name = rows.read(given.board), given.campaign.resolve().name
    side = board.side(name, given.commit)
    if not side:
        raise BoardError(f"no run of {given.commit} is logged in campaign {name}; next: python -m runs.leaderboard add")
    record = rows.Record(given.what, name, given.commit, rule.before(board, side[0]), max(run.date for run in side))
    finding = rule.findings(rows.Board(board.runs, (*board.records, record), board.references))[-1]
    if finding.objections or finding.numbers is None:
        raise BoardError(f"no record: {'; '.join(finding.objections)}")
    rows.append([record], given.board)
    print(f"record: {finding.numbers.seconds / 3600:.3f} h; next: python -m runs.leaderboard check")
    return 0


def _check(given: argparse.Namespace) -> int:
    board = rows.read(given.board)
    found = rule.findings(board)
    wrong = [f"{finding.record.name}: {told}" for finding in found for told in finding.objections] + rule.gaps(board)
    for told in dict.fromkeys(wrong):
        print(told, file=sys.stderr)
    if not wrong:
        print(f"{len(board.runs)} runs, {len(found)} records: recomputed, they hold")
    return 1 if wrong else 0


def _show(given: argparse.Namespace) -> int:
    board = rows.read(given.board)
    found = rule.findings(board)
    if given.json:
        told = {"records": [asdict(finding) for finding in found], "runs": [asdict(run) for run in board.runs]}
        print(json.dumps(told | {"references": [asdict(reference) for reference in board.references]}))
    else:
        print(table.of(board, found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
