"""The lines of leaderboard.jsonl as values. A file is only ever appended to; a reader of a bad line names file and line.

{"kind": "run", …}         one training run as it was logged, whatever came of it
{"kind": "record", …}      a claim: in this campaign this commit beat the record before it
{"kind": "reference", …}   somebody else's figure, cited; nothing here is compared with it
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[1] / "leaderboard.jsonl"


class BoardError(Exception):
    """A line, or a claim, that the board does not take; the message says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Numbers that it did not reach are None."""

    campaign: str  # runs made side by side on one machine
    number: int  # within the campaign, consecutive from 1
    commit: str
    code_digest: str
    seed: int
    depth: int
    status: str  # succeeded | failed | invalid
    reason: str | None
    seconds: float | None  # of training, compiling excluded
    bpb: float | None
    core: float | None
    flops: float | None
    tokens: int | None
    hardware: str  # `8 × NVIDIA H100 80GB HBM3`
    versions: dict[str, str]
    data_digest: str
    validation: str  # digest, bytes and context: what bits per byte are of
    bundle_digest: str | None
    date: str


@dataclass(frozen=True, slots=True)
class Record:
    """A claim. prior: the commit of the record that it beat on this hardware, timed in the same campaign."""

    name: str
    campaign: str
    commit: str
    prior: str | None
    date: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A cited figure."""

    who: str
    figure: str
    hardware: str
    source: str


@dataclass(frozen=True, slots=True)
class Board:
    """All rows, in the order in which they were appended."""

    runs: tuple[Run, ...] = ()
    records: tuple[Record, ...] = ()
    references: tuple[Reference, ...] = ()

    def side(self, campaign: str, commit: str) -> tuple[Run, ...]:
        """Every run of this commit in that campaign."""
        return tuple(run for run in self.runs if (run.campaign, run.commit) == (campaign, commit))


KINDS = {"run": Run, "record": Record, "reference": Reference}


def read(path: Path = PATH) -> Board:
    """The board. Raises BoardError."""
    found: dict[type, list[Any]] = {kind: [] for kind in KINDS.values()}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = _row(f"{path.name}:{number}", line)
        found[type(row)].append(row)
    return Board(tuple(found[Run]), tuple(found[Record]), tuple(found[Reference]))


def append(rows: Sequence[Run | Record], path: Path = PATH) -> None:
    """Add lines at the end of the file."""
    names = {kind: name for name, kind in KINDS.items()}
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"kind": names[type(row)], **asdict(row)}, ensure_ascii=False) + "\n" for row in rows)


def _row(where: str, line: str) -> Run | Record | Reference:
    try:
        values = json.loads(line)
        kind = KINDS[values.pop("kind")]
    except (ValueError, KeyError, AttributeError) as error:
        raise BoardError(f"{where}: want a JSON object with a kind of {', '.join(KINDS)} ({error})") from None
    wrong = {field.name for field in fields(kind)} ^ set(values)
    if wrong:
        raise BoardError(f"{where}: {', '.join(sorted(wrong))}: missing from this {kind.__name__.lower()}, or unknown")
    row: Run | Record | Reference = kind(**values)
    if isinstance(row, Run) and row.status == "succeeded" and None in (row.seconds, row.bpb, row.core):
        raise BoardError(f"{where}: a run that succeeded without seconds, bpb or core")
    return row
