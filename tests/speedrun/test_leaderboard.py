"""The board: a record is what the rows say, recomputed; every way to look better than one is has its refusal."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from runs.leaderboard import __main__ as leaderboard
from runs.leaderboard import campaign, evidence, rows, rule, table

H100 = "8 × NVIDIA H100 80GB HBM3"
FAST, SLOW = (5000.0, 5010.0, 4990.0, 5005.0), (5100.0, 5110.0, 5095.0, 5102.0)
CORE, BPB = (0.271, 0.269, 0.273, 0.270), (0.7450, 0.7452, 0.7449, 0.7451)


def runs(
    campaign: str,
    commit: str,
    seconds: Sequence[float],
    *,
    first: int = 1,
    core: Sequence[float] = CORE,
    bpb: Sequence[float] = BPB,
    **changed: Any,
) -> list[rows.Run]:
    """Finished runs of one commit, on every second number."""
    known = {"code_digest": f"code of {commit}", "depth": 24, "status": "succeeded", "reason": None, "flops": 4e19}
    known |= {"tokens": 8_000_000_000, "hardware": H100, "versions": {"torch": "2.13"}, "data_digest": "d", "validation": "v"}
    known |= {"bundle_digest": "b", "date": "2026-11-21"} | changed
    numbers = range(first, first + 2 * len(seconds), 2)
    return [
        rows.Run(campaign=campaign, number=n, commit=commit, seed=at, seconds=s, core=c, bpb=b, **known)
        for at, (n, s, c, b) in enumerate(zip(numbers, seconds, core, bpb, strict=True), start=1)
    ]


def alone(campaign: str, commit: str, seconds: Sequence[float] = SLOW, **changed: Any) -> list[rows.Run]:
    """A campaign of one commit, numbered from 1."""
    return [replace(run, number=at) for at, run in enumerate(runs(campaign, commit, seconds, **changed), start=1)]


FIRST = rows.Record("the first", "a", "old", None, "2026-11-21")
SECOND = rows.Record("faster", "b", "new", "old", "2026-11-22")
LOWER = tuple(value - 0.001 for value in BPB)


def board(second: Sequence[rows.Run] = (), record: rows.Record | None = SECOND) -> rows.Board:
    """A first record, then a campaign of both sides."""
    beside = [*(second or runs("b", "new", FAST, bpb=LOWER)), *runs("b", "old", SLOW, first=2)]
    return rows.Board((*alone("a", "old"), *beside), (FIRST, record) if record else (FIRST,))


def objections(board: rows.Board) -> str:
    return "; ".join(told for finding in rule.findings(board) for told in finding.objections)


def test_tests_on_few_runs_equal_scipy_s() -> None:
    new, old = [5.0, 5.2, 4.9, 5.1], [5.3, 5.6, 5.2, 5.9, 5.4]
    assert evidence.faster(new, old) == pytest.approx(stats.ttest_ind(new, old, equal_var=False, alternative="less").pvalue)
    assert evidence.below(new, 5.3, 0.0) == pytest.approx(stats.ttest_1samp(new, 5.3, alternative="less").pvalue)
    assert evidence.above(new, 4.9, 0.0) == pytest.approx(stats.ttest_1samp(new, 4.9, alternative="greater").pvalue)
    assert evidence.above([0.2601, 0.26, 0.2602], 0.2565, 0.02) > 0.1 > evidence.above([0.2601, 0.26, 0.2602], 0.2565, 0.0)


def test_a_first_record_needs_core_over_the_bar_and_a_second_one_time_and_bits_per_byte() -> None:
    first, second = rule.findings(board())
    assert (first.objections, second.objections) == ((), ())
    assert first.numbers and second.numbers
    assert (first.numbers.p_time, first.numbers.bar, second.numbers.bar) == (None, None, max(BPB))
    assert first.numbers.p_target < 0.01 and second.numbers.p_target < 0.01
    assert second.numbers.p_time == pytest.approx(evidence.faster(FAST, SLOW)) and second.numbers.p_time < 0.01
    assert (second.numbers.seconds, second.numbers.runs) == (pytest.approx(5001.25), 4)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (runs("b", "new", (5000, 5200, 5050, 5080), bpb=LOWER), "not clearly faster than old"),
        (runs("b", "new", FAST[:3], bpb=LOWER[:3], core=CORE[:3]), "3 finished runs of new in campaign b: want 4"),
        (runs("b", "new", FAST), "bits per byte are not clearly below 0.74520"),
        (runs("b", "new", FAST, bpb=LOWER, core=(0.23, 0.228, 0.231, 0.229)), "CORE 0.2295 is clearly below 0.2565"),
        (runs("b", "new", FAST, bpb=LOWER, hardware="8 × NVIDIA H200"), "runs differ in hardware"),
        (runs("b", "new", FAST, bpb=LOWER, versions={"torch": "2.14"}), "runs differ in versions"),
        (runs("b", "new", FAST, bpb=LOWER, bundle_digest="c"), "runs differ in bundle_digest"),
        ([replace(run, seed=1) for run in runs("b", "new", FAST, bpb=LOWER)], "a seed was run twice: 1, 1, 1, 1"),
        ([replace(run, data_digest=str(run.seed)) for run in runs("b", "new", FAST, bpb=LOWER)], "runs differ in data_digest"),
        (runs("b", "new", FAST, bpb=LOWER, validation="w", core=(0.258, 0.256, 0.259, 0.257)), "not clearly over 0.2565"),
    ],
)
def test_a_claim_that_does_not_hold_says_why(second: list[rows.Run], told: str) -> None:
    assert told in objections(board(second))


def failed(run: rows.Run, reason: str, status: str = "failed") -> rows.Run:
    return replace(run, status=status, reason=reason, seconds=None, core=None, bpb=None)


def test_a_run_that_diverged_disqualifies_and_one_that_the_machine_broke_is_only_shown() -> None:
    five = runs("b", "new", (*FAST, 5003.0), bpb=(*LOWER, LOWER[0]), core=(*CORE, 0.27))
    old = runs("b", "old", (*SLOW, 5101.0), bpb=(*BPB, BPB[0]), core=(*CORE, 0.27), first=2)

    def with_last(last: rows.Run) -> rows.Board:
        return rows.Board((*alone("a", "old"), *five[:4], last, *old), (FIRST, SECOND))

    assert objections(with_last(failed(five[4], "OSError: a cable"))) == ""
    assert "run 9 failed (OSError: a cable)" in table.of(
        with_last(failed(five[4], "OSError: a cable")), rule.findings(with_last(failed(five[4], "OSError: a cable")))
    )
    assert "run 9 diverged (nan: the loss is nan" in objections(with_last(failed(five[4], "nan: the loss is nan")))
    assert "run 9 is invalid (looks ahead)" in objections(with_last(failed(five[4], "looks ahead", "invalid")))


def test_a_run_that_was_left_out_leaves_a_gap() -> None:
    whole = board()
    without = replace(whole, runs=tuple(run for run in whole.runs if (run.campaign, run.number) != ("b", 3)))
    assert "campaign b: runs are numbered 1, 2, 4, 5, 6, 7, 8, not 1 to 7" in rule.gaps(without)[0]
    assert "3 finished runs of new in campaign b: want 4" in objections(without)


def test_runs_after_the_first_four_make_no_record_and_unmake_none() -> None:
    def more(first: Sequence[float], then: Sequence[float]) -> rows.Board:
        new = runs("b", "new", (*first, *then), bpb=LOWER * 2, core=CORE * 2)
        old = runs("b", "old", SLOW * 2, bpb=BPB * 2, core=CORE * 2, first=2)
        return rows.Board((*alone("a", "old"), *reversed(new), *old), (FIRST, SECOND))

    assert "not clearly faster than old" in objections(more(SLOW, [1000.0 + at for at in range(4)]))
    assert objections(more(FAST, SLOW)) == ""
    assert [finding.numbers.runs for finding in rule.findings(more(FAST, SLOW)) if finding.numbers] == [4, 4]


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"versions": {"torch": "2.14"}}, {"hardware": "8 × NVIDIA H200"}, {"bundle_digest": "c"}, {"code_digest": "c"}],
)
@pytest.mark.parametrize("commit", ["new", "old"])
def test_a_fifth_run_that_is_not_like_the_four_unmakes_no_record(commit: str, other: dict[str, Any]) -> None:
    five = runs("b", commit, (*SLOW, 5101.0), bpb=(*BPB, BPB[0]), core=(*CORE, 0.27))[4]
    whole = board()
    longer = replace(whole, runs=(*whole.runs, replace(five, **other)))
    assert objections(longer) == ""
    assert rule.findings(longer)[1].numbers == rule.findings(whole)[1].numbers


def test_a_commit_has_one_try() -> None:
    tried = [replace(run, number=at) for at, run in enumerate(runs("z", "new", SLOW), start=1)]
    again = board()
    assert "new had its try in campaign z" in objections(replace(again, runs=(*tried, *again.runs)))


def test_a_claim_names_the_record_before_it() -> None:
    assert "it names None as the record before it; on this hardware that is old" in objections(
        board(record=replace(SECOND, prior=None))
    )
    slow = board(runs("b", "new", (5000, 5200, 5050, 5080), bpb=LOWER))
    third = rows.Record("third", "c", "third", "new", "2026-11-23")
    beside = (*slow.runs, *runs("c", "third", FAST, bpb=LOWER), *runs("c", "old", SLOW, first=2))
    assert "it names new as the record before it; on this hardware that is old" in objections(
        rows.Board(beside, (*slow.records, third))
    )


def test_the_board_of_this_repository_holds() -> None:
    found = rows.read()
    assert rule.gaps(found) == [] and objections(found) == ""
    assert all(reference.source.startswith("https://") for reference in found.references)


def write_run(folder: Path, number: int, seed: int, commit: str, seconds: float, bpb: float) -> Path:
    """A run's folder as speedrun.sh leaves it."""
    run = folder / f"{number:03d}"
    run.mkdir(parents=True)
    (run / "commit").write_text(commit + "\n")
    record = {"status": "succeeded", "reason": None, "seed": seed, "depth": 24, "code_digest": commit, "flops": 4e19}
    record |= {
        "tokens": 8,
        "versions": {},
        "ranks": 8,
        "device_model": "NVIDIA H100",
        "data_digest": "d",
        "train_seconds": seconds,
        "checkpoint_digest": "c",
    }
    (run / "train.json").write_text(json.dumps(record | {f"validation_{name}": name for name in ("digest", "bytes", "context")}))
    (run / "result.json").write_text(json.dumps({"valid": True, "reason": None, "value": bpb, "checkpoint_digest": "c"}))
    found = {"valid": True, "reason": None, "core": 0.27 + 0.001 * (number % 3), "max_per_task": None, "bundle_digest": "b"}
    found |= {"seed": 1234, "checkpoint_digest": "c"}
    (run / "core.json").write_text(json.dumps(found))
    return run


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def command(path: Path, *words: object) -> int:
    return leaderboard.main(["--board", str(path), *map(str, words)])


def test_runs_are_added_and_a_record_claimed_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "board.jsonl"
    path.write_text("")
    for at, seconds in enumerate(SLOW, start=1):
        write_run(tmp_path / "a", at, at, "old", seconds, 0.745 + at * 1e-4)
    assert command(path, "claim", tmp_path / "a", "--commit", "old", "--what", "the first") == 1
    assert "no run of old is logged in campaign a" in capsys.readouterr().err
    assert command(path, "add", tmp_path / "a") == 0
    assert command(path, "add", tmp_path / "a") == 0
    assert capsys.readouterr().out.startswith("4 runs of a logged") and len(rows.read(path).runs) == 4
    assert command(path, "claim", tmp_path / "a", "--commit", "old", "--what", "the first") == 0
    for at, (new, old) in enumerate(zip(SLOW, SLOW, strict=True)):
        write_run(tmp_path / "b", 2 * at + 1, at, "new", new - 1, 0.744)
        write_run(tmp_path / "b", 2 * at + 2, at, "old", old, 0.745)
    assert command(path, "add", tmp_path / "b") == 0
    before = path.read_bytes()
    assert command(path, "claim", tmp_path / "b", "--commit", "new", "--what", "no better") == 1
    assert "not clearly faster than old" in capsys.readouterr().err and path.read_bytes() == before
    assert command(path, "check") == 0
    assert "12 runs, 1 records: recomputed, they hold" in capsys.readouterr().out
    assert command(path, "show") == 0
    shown = capsys.readouterr().out
    assert "the first; 8 × NVIDIA H100" in shown and "± 0.0054" in shown and "logged: 4 runs of new in campaign b" in shown
    assert command(path, "show", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 12


def test_a_claim_edited_into_the_board_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "board.jsonl"
    path.write_text("")
    rows.append([*board().runs, FIRST, replace(SECOND, commit="old", prior=None)], path)
    assert command(path, "check") == 1
    assert "old had its try in campaign a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda run: (run / "core.json").unlink(), "core.json is missing: the run is not done"),
        (lambda run: (run / "commit").unlink(), "nobody knows what was run"),
        (lambda run: (run / "commit").write_text("abc-dirty\n"), "this run's code was not committed"),
        (lambda run: (run / "train.json").write_text('{"status": "stopped"}'), "was stopped and is not done"),
        (lambda run: change(run / "core.json", core=None), "is not CORE over all items"),
        (lambda run: change(run / "core.json", max_per_task=500), "is not CORE over all items"),
        (lambda run: change(run / "core.json", seed=77), "with examples of seed 1234"),
        (lambda run: change(run / "core.json", checkpoint_digest="old"), "core.json is of another checkpoint"),
        (lambda run: change(run / "result.json", checkpoint_digest="old"), "result.json is of another checkpoint"),
    ],
)
def test_a_folder_that_is_no_whole_run_is_not_logged(tmp_path: Path, spoil: Any, told: str) -> None:
    spoil(write_run(tmp_path / "a", 1, 1, "old", 5000.0, 0.745))
    with pytest.raises(rows.BoardError, match=told):
        campaign.read(tmp_path / "a")


def test_a_failed_run_is_a_row_like_any_other(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", 1, 1, "old", 5000.0, 0.745)
    (run / "train.json").write_text(json.dumps({"status": "failed", "reason": "nan: step 3", "seed": 1, "depth": 24}))
    (row,) = campaign.read(tmp_path / "a")
    assert (row.status, row.reason, row.seconds) == ("failed", "nan: step 3", None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "board.jsonl:1: want a JSON object"),
        ('{"kind": "rumour"}', "with a kind of run, record, reference"),
        ('{"kind": "reference", "who": "a", "figure": "b", "hardware": "c"}', "source: missing from this reference"),
        (json.dumps({"kind": "run", **asdict(runs("a", "c", FAST)[0]), "core": None}), "succeeded without seconds, bpb or core"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "board.jsonl").write_text(line + "\n")
    with pytest.raises(rows.BoardError, match=told):
        rows.read(tmp_path / "board.jsonl")


def test_an_empty_board_says_so() -> None:
    assert table.of(rows.Board(), []) == "No record yet. What makes one: runs/README.md."
