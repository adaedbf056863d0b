"""A snapshot that declares a tokenizer of its own: the same text and scored bytes, counts that compare; and what is refused."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from trainer.measure import data as datas
from trainer.measure import declared, digests, exchange, own_tokens, retokenize, scorer, tokenizer, validation
from trainer.measure.errors import InvalidScore, UsageError

SMALL = declared.Tokenizer(vocab=300)
LONG = {"vocab": 900, "pattern": r"\s+|\S+", "learned_mb": 0.1}  # words with their punctuation: longer tokens
CROPPING = "            yield best_fit(waiting, T)\n"


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared folder, with SMALL's tokens made beside its own."""
    copy = shutil.copytree(data, tmp_path_factory.mktemp("tokens") / "data")
    own_tokens.open_folder(copy, declaration=SMALL)
    return copy


@pytest.fixture(scope="module", params=["small", "long"])
def own(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> datas.Data:
    """The same text in shorter and in longer tokens."""
    if request.param == "small":
        return own_tokens.open_folder(folder, declaration=SMALL)
    data, out = datas.open_folder(folder), tmp_path_factory.mktemp("long")
    return replace(data, own=datas.Own(out, retokenize.retokenize(data, out, LONG, threads=2)))


def test_the_shipped_declaration_is_the_task_s(data: Path) -> None:
    assert declared.read() == declared.Tokenizer()
    opened = own_tokens.open_folder(data)
    assert opened == datas.open_folder(data) and (opened.worth, opened.tokens) == (1, data)
    assert not (data / own_tokens.FOLDER).exists()
    assert own_tokens.chosen(opened, declared.Tokenizer(vocab=512, pattern=tokenizer.PATTERN)) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vocab: 200000", "vocab: 200000; want 300 to 65536 token ids, or task"),
        ("vocab: 299", "vocab: 299"),
        ("vocab: 4096.0", "vocab: 4096.0"),
        ("vocab: true", "vocab: True"),
        ("vocab: many", "vocab: 'many'"),
        ("pattern: ''", "pattern: ''; want a regular expression"),
        ("pattern: 7", "pattern: 7"),
        (f"pattern: {'x' * 4001}", "of 1 to 4000 characters, or task"),
        ("learned_mb: 0", "learned_mb: 0; want megabytes above 0, at most 1e9, or task"),
        ("learned_mb: .inf", "learned_mb: inf; want megabytes"),
        ("learned_mb: .nan", "learned_mb: nan; want megabytes"),
        ("learned_mb: 2e9", "learned_mb: 2000000000.0; want megabytes"),
        ("learned_mb: [1]", r"learned_mb: \[1\]"),
        ("vocabulary: 4096", "unknown key vocabulary; want vocab, pattern, learned_mb"),
        ("- vocab", "want `key: value` lines"),
        ("vocab: [", "not YAML"),
    ],
)
def test_a_declaration_that_is_none_says_what_it_should_be(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "tokenizer.yaml").write_text(text)
    with pytest.raises(UsageError, match=f"tokenizer.yaml: .*{told}"):
        declared.read(tmp_path / "tokenizer.yaml")


def test_without_a_file_everything_is_the_task_s(tmp_path: Path) -> None:
    assert declared.read(tmp_path / "tokenizer.yaml") == declared.Tokenizer()
    (tmp_path / "tokenizer.yaml").write_text("vocab: task\nlearned_mb: 2\n")
    assert declared.read(tmp_path / "tokenizer.yaml") == declared.Tokenizer(learned_mb=2)


def test_the_task_s_own_tokenizer_is_learned_again_from_its_tokens(data: Path, tmp_path: Path) -> None:
    """So a folder that keeps no text has lost none."""
    opened = datas.open_folder(data)
    asked = {"vocab": 512, "pattern": tokenizer.PATTERN, "learned_mb": None}
    made = retokenize.retokenize(opened, tmp_path, asked)
    assert made["files"] == opened.facts["files"]
    assert (made["vocab"], made["train_tokens"]) == (opened.vocab, opened.train_tokens)


def test_it_is_the_same_text_in_other_tokens(own: datas.Data) -> None:
    for side in ("train", "validation"):
        assert list(retokenize.texts(own, side)) == list(retokenize.texts(own.task, side))
    assert own.identity == own.task.identity, "it is the same task"
    assert own.sources == own.task.sources
    assert own.vocab != own.task.vocab
    assert own.worth * own.train_tokens == pytest.approx(own.task.train_tokens)


def test_no_byte_is_scored_with_more_context_than_the_task_s(own: datas.Data) -> None:
    """A row of other tokens lies in the bytes of one of the task's rows, but for the end of its last token."""
    edges = [first for first, _ in spans(own.task, own.context)]
    ends = [*edges[1:], own.facts["validation_bytes"]]
    ours = spans(own, validation.longest(own, 10**6))
    for first, last in ours:
        assert last < ends[numpy.searchsorted(edges, first, side="right") - 1]


def spans(data: datas.Data, T: int) -> list[tuple[int, int]]:
    """Where each row begins in the scored bytes, and where its last token does."""
    rows, table, at, found = validation.rows(data, T), data.token_bytes(), 0, []
    for targets, counted in zip(rows.targets, rows.counted, strict=True):
        sizes = table[targets[counted]]
        found.append((at, at + int(sizes[:-1].sum())))
        at += int(sizes.sum())
    return found


def test_rows_are_no_longer_than_a_model_was_trained_with(own: datas.Data) -> None:
    longest = validation.longest(own, 10**6)
    assert validation.longest(own, 8) == min(longest, own.context)
    assert validation.longest(own.task, 10**6) == own.context
    short = validation.rows(own, 32)
    assert own.token_bytes()[short.targets[short.counted]].sum() == own.facts["validation_bytes"]


def test_an_untrained_model_scores_its_logarithm_a_token(own: datas.Data) -> None:
    value, checks = scorer.Score(Flat(exchange.Shape(16, 32, own.vocab)), own).compute()
    assert own.own is not None
    expected = numpy.log2(own.vocab) * own.own.facts["validation_tokens"] / own.facts["validation_bytes"]
    assert (value, checks["bytes"]) == (pytest.approx(expected, rel=1e-6), own.facts["validation_bytes"])


class Flat:
    """A host whose model finds every token as likely as any other."""

    def __init__(self, shape: exchange.Shape) -> None:
        self.shape = shape

    def logits(self, inputs: numpy.ndarray) -> numpy.ndarray:
        return numpy.zeros((*inputs.shape, self.shape.vocab), dtype=numpy.float32)


def test_tokens_that_are_not_the_scored_text_are_invalid(own: datas.Data, tmp_path: Path) -> None:
    """Of as many bytes, so that a sum of them would not tell."""
    assert own.own is not None
    copy = shutil.copytree(own.own.folder, tmp_path / "copy")
    tokens, _ = own.documents("validation")
    easier = numpy.full_like(tokens, tokens[own.token_bytes()[tokens] == 1][0])
    numpy.save(copy / "validation_tokens.npy", numpy.where(own.token_bytes()[tokens] == 1, easier, tokens))
    changed = replace(own, own=datas.Own(copy, own.own.facts))
    with pytest.raises(InvalidScore, match="do not stand for the scored text"):
        scorer.Score(Flat(exchange.Shape(16, 32, own.vocab)), changed).compute()
    assert changed.edited() == ["validation_tokens.npy"]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[a-z]+", r"leaves out some of the text; end it with \|\\s\|\\S"),
        ("(", "nothing can be learned with it .*parenthesis"),
        ("a*", "it cannot be applied"),
        (r"(?=(?:([\s\S])\1?)*!!!!)\s|\S", "BacktrackLimitExceeded"),
    ],
)
def test_a_pattern_that_does_not_do_is_told_why(folder: Path, tmp_path: Path, pattern: str, told: str) -> None:
    data = datas.open_folder(folder)
    with pytest.raises(retokenize.Unfit, match=told):
        retokenize.retokenize(data, tmp_path, {"vocab": 300, "pattern": pattern, "learned_mb": None})


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), UnicodeDecodeError("utf-8", b"a", 0, 1, "no text")])
def test_what_is_not_the_pattern_s_doing_is_not_told_as_that(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def ended(*given: object) -> bytes:
        raise error

    encoder = retokenize.Encoder((folder / "tokenizer.json").read_bytes(), ".")
    monkeypatch.setattr(tokenizer, "learn", ended)
    monkeypatch.setattr(tokenizer, "encode", ended)
    with pytest.raises(type(error)):
        retokenize.retokenize(datas.open_folder(folder), tmp_path, LONG)
    with pytest.raises(type(error)):
        encoder.encode(["text"])


def test_text_that_was_edited_is_not_tokenized(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "data")
    (copy / "train_tokens.npy").write_bytes((copy / "train_tokens.npy").read_bytes()[::-1])
    with pytest.raises(retokenize.Unfit, match=r"train_tokens\.npy is not what was prepared; prepare it again"):
        retokenize.retokenize(datas.open_folder(copy), tmp_path, LONG)


SHADOW = """
class Tokenizer:
    def train_from_iterator(self, *given, **more):
        pass

    def get_mergeable_ranks(self):
        return [(bytes([n]), n) for n in range(256)]
"""


def test_a_module_in_place_of_the_one_that_learns_is_refused(snapshot, folder: Path, tmp_path: Path) -> None:
    (snapshot.root / "rustbpe.py").write_text(SHADOW)
    asked = {"data": str(folder), "out": str(tmp_path), "asked": LONG, "threads": 1, "cpu_seconds": 60}
    done = snapshot.python("trainer.measure.retokenize", json.dumps(asked))
    assert json.loads(done.stdout)["error"] == "rustbpe (rustbpe.py) was imported from the snapshot in place of the installed one"


def test_a_pattern_that_takes_too_long_is_ended(folder: Path, tmp_path: Path) -> None:
    """By the processor's time, so that a busy machine is not mistaken for it: each letter looks at all that follow."""
    slow = {"vocab": 300, "pattern": r"(?=[\s\S]*\z)[\s\S]", "learned_mb": None}
    told = own_tokens.made_beside(datas.open_folder(folder), tmp_path, own_tokens.Job(slow, cpu_seconds=1))
    assert told is not None and "it took more than 1 CPU-seconds" in told


def test_runs_share_what_one_of_them_made(folder: Path) -> None:
    first = own_tokens.open_folder(folder, declaration=SMALL)
    again = own_tokens.made(first.task, SMALL)
    assert again is not None and first.own is not None and again.own is not None
    assert (again.own.folder, again.own.digest) == (first.own.folder, first.own.digest)
    assert own_tokens.made(first.task, declared.Tokenizer(vocab=301)) is None
    assert own_tokens.kept(folder)[0] == 1


def test_of_runs_that_want_the_same_at_once_one_makes_it(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    copy = shutil.copytree(data, tmp_path / "data")
    dead = copy / own_tokens.FOLDER / ".dead.part"
    dead.mkdir(parents=True)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: own_tokens.open_folder(copy, declaration=SMALL), range(3)))
    assert len({opened.own.digest for opened in found if opened.own}) == 1
    assert capfd.readouterr().err.count("making tokens of 300 ids") == 1
    assert not dead.exists()


def test_what_is_damaged_is_not_taken(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "data")
    for damage in (lambda path: os.truncate(path / "train_tokens.npy", 9), lambda path: (path / "tokens.json").write_text("{")):
        (entry,) = (copy / own_tokens.FOLDER).glob("[!.]*")
        assert own_tokens.made(datas.open_folder(copy), SMALL) is not None
        damage(entry)
        assert own_tokens.made(datas.open_folder(copy), SMALL) is None
        shutil.rmtree(entry)
        shutil.copytree(next((folder / own_tokens.FOLDER).glob("[!.]*")), entry)


def test_what_was_begun_by_one_that_died_goes_and_what_is_being_made_stays(tmp_path: Path) -> None:
    dead, busy = tmp_path / ".dead.part", tmp_path / ".busy.part"
    for part in (dead, busy):
        part.mkdir()
    with (tmp_path / ".busy.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        own_tokens.remove_parts(tmp_path)
        assert (dead.exists(), busy.exists()) == (False, True)


def test_the_least_recently_used_go_and_those_in_use_stay(tmp_path: Path) -> None:
    entries = [tmp_path / name for name in "abcd"]
    for age, entry in enumerate(entries):
        entry.mkdir()
        (entry / own_tokens.LEASE).touch()
        os.utime(entry / own_tokens.LEASE, (age, age))
        with (entry / "train_tokens.npy").open("wb") as file:
            file.truncate(10**9)  # no disk is taken
    with (entries[0] / own_tokens.LEASE).open("rb") as lease:
        fcntl.flock(lease, fcntl.LOCK_SH)
        own_tokens.make_room(tmp_path, 2 * 10**9)
        assert [entry.exists() for entry in entries] == [True, False, False, True]
        own_tokens.make_room(tmp_path, 0)
        assert [entry.exists() for entry in entries] == [True, False, False, False]


def test_a_snapshot_trains_and_is_scored_with_its_own_tokens_and_packing(
    snapshot, data: Path, tiny: Path, tmp_path: Path, train: Callable[..., int]
) -> None:
    """Beside a run of the task's own: the same task, counts in its tokens, and cropping that shows."""
    folder, run = shutil.copytree(data, tmp_path / "data"), tmp_path / "run"
    snapshot.edit("tokenizer.yaml", "vocab: task", "vocab: 300")
    snapshot.edit("packing.py", CROPPING, f"{CROPPING}            waiting.pop()\n")
    asked = ["--seed", "1", "--budget", "4000tok", "--depth", "1", "--data", folder, "--out", run, "--recipe", tiny]
    done = snapshot.run("train", *asked)
    assert done.returncode == 0, done.stderr
    assert "tokens of its own (300 ids, one is worth 0." in done.stdout
    result = json.loads(snapshot.run("evaluate", "--run", run, "--data", folder).stdout)
    assert (result["valid"], result["reason"], result["bytes"]) == (True, None, datas.open_folder(data).facts["validation_bytes"])
    assert train(tmp_path / "task", budget="4000tok") == 0
    ours, theirs = (json.loads((path / "train.json").read_text()) for path in (run, tmp_path / "task"))
    assert all(ours[key] == theirs[key] for key in ("data_digest", "tokenizer_digest", "validation_digest", "corpus_digest"))
    assert (ours["vocab"], theirs["vocab"], theirs["own_tokens"]) == (300, 512, None)
    assert ours["steps"] > theirs["steps"], "an equal amount of text is more of its tokens"
    assert ours["tokens"] == pytest.approx(theirs["tokens"], rel=0.15)
    assert ours["flops_per_step"] < theirs["flops_per_step"]
    assert theirs["kept_fraction"] == 1
    assert (ours["tampering"], ours["outside"]) == ([], [])
    made = own_tokens.made(datas.open_folder(folder), SMALL)
    assert made is not None and made.own is not None and ours["own_tokens"] == made.own.digest
    assert digests.of_file(folder / "data.json") == digests.of_file(data / "data.json")
