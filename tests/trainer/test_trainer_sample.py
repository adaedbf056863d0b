"""Text from a trained model: how a token is drawn, and what the command prints."""

import io
from pathlib import Path

import pytest
import torch

from trainer.measure import cli
from trainer.measure.errors import UsageError
from trainer.measure.sample import CODE, Taste, drawn, pieces

LOGITS = torch.tensor([0.0, 2.0, 1.0, -1.0])


def draws(taste: Taste, count: int = 200) -> list[int]:
    generator = torch.Generator().manual_seed(taste.seed)
    return [drawn(LOGITS, taste, generator) for _ in range(count)]


def test_temperature_and_top_k_decide_what_is_drawn() -> None:
    assert set(draws(Taste(temperature=0))) == {1}
    assert set(draws(Taste(temperature=1, top_k=2))) == {1, 2}
    assert set(draws(Taste(temperature=5, top_k=0))) == {0, 1, 2, 3}
    assert draws(Taste(temperature=0.1)).count(1) > draws(Taste(temperature=2)).count(1)
    share = draws(Taste(temperature=1, top_k=2), 2000).count(1) / 2000
    assert share == pytest.approx(1 / (1 + torch.tensor(-1.0).exp().item()), abs=0.05)


def test_a_taste_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="--temperature -1"):
        Taste(temperature=-1)
    with pytest.raises(UsageError, match="--top-k -1"):
        Taste(top_k=-1)


def sample(capsys: pytest.CaptureFixture[str], run: Path, data: Path, *more: str) -> str:
    assert cli.main(["sample", "--run", str(run), "--data", str(data), "--tokens", "6", *more]) == 0
    return capsys.readouterr().out


def test_several_prompts_are_continued_each_the_same_way_alone(scored, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = sample(capsys, scored.run, data, "--prompt", "import os", "--prompt", "def f")
    alone = sample(capsys, scored.run, data, "--prompt", "def f")
    assert both.startswith("import os") and both.endswith(alone) and alone.startswith("def f") and alone.endswith("\n\n")
    assert sample(capsys, scored.run, data, "--prompt", "def f", "--seed", "7") != alone
    greedy = [sample(capsys, scored.run, data, "--prompt", "def f", "--temperature", "0", "--seed", seed) for seed in "12"]
    assert greedy[0] == greedy[1]


def test_without_a_prompt_there_are_some_that_suit_the_corpus(scored, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = sample(capsys, scored.run, data, "--tokens", "1")
    assert all(prompt in out for prompt in CODE)


def test_prompts_are_read_one_a_line(
    scored, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("alpha\nbeta\n"))
    out = sample(capsys, scored.run, data, "--prompt", "-", "--tokens", "1")
    assert out.startswith("alpha") and "\nbeta" in out


def test_letters_of_several_tokens_come_out_whole() -> None:
    text = "é→".encode()
    assert list(pieces([b"a", text[:1], text[1:3], text[3:], b"b", b"\xe2"])) == ["a", "é", "→", "b", "\N{REPLACEMENT CHARACTER}"]
