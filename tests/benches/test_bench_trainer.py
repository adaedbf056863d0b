"""`make bench-trainer` still runs against today's trainer, up to the GPU that the machine of a test has not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks import trainer
from benchmarks.contenders import Bench, Trained

# The least that `prepare` is asked for by a trainer of the other kind.
RIVAL = """
import time, torch
from prepare import MAX_SEQ_LEN, TIME_BUDGET, Tokenizer, evaluate_bpb, make_dataloader
vocab = Tokenizer.from_directory().get_vocab_size()
class Unigram(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(vocab))
    def forward(self, x, y, reduction="mean"):
        logits = self.logits.expand(y.numel(), -1)
        return torch.nn.functional.cross_entropy(logits, y.view(-1), ignore_index=-1, reduction=reduction)
model, batches = Unigram(), make_dataloader(Tokenizer.from_directory(), 4, MAX_SEQ_LEN, "train")
optimizer = torch.optim.SGD(model.parameters(), lr=10.0)
x, y, epoch = next(batches)
began = time.process_time()
while time.process_time() - began < TIME_BUDGET:
    model(x, y).backward()
    optimizer.step()
    optimizer.zero_grad()
    x, y, epoch = next(batches)
print(evaluate_bpb(model, Tokenizer.from_directory(), 4))
"""


def run(bpb: float | None, seconds: float = 2.0, tokens: int = 4000, **record: Any) -> Trained:
    return Trained(bpb, seconds, tokens, 100.0, 1.5, record)


@dataclass(frozen=True, slots=True)
class Gpu(Bench):
    """Stands in for a machine with a GPU: what our trainer and the other one would tell."""

    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def ours(
        self, name: str, *, budget: str, seed: int, depth: int, score: bool = True, environ: Mapping[str, str] | None = None
    ) -> Trained:
        self.asked.append((name, budget, depth))
        known = {"device_model": "H", "attention": "varlen", "loss_mode": "compiled"}
        known |= {"mfu": 0.4, "mfu_windows": 0.39, "mfu_causal": 0.38}
        return run(0.99 if score else None, recipe={"sequence_length": 2048}, tok_per_sec=2000.0, peak_memory_mb=9.0, **known)

    def theirs(self, file: Path, *, seconds: float, T: int, seed: int) -> Trained:
        assert (seconds, T) == (300.0, 2048)
        return run(1.0)


def test_without_a_gpu_it_says_what_it_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    if trainer.no_gpu() is None:
        pytest.skip("this machine has one")
    assert trainer.main(["--device", "cuda"]) == 0
    assert "no CUDA device" in json.loads(capsys.readouterr().out)["skipped"]


def test_on_a_gpu_it_measures_starts_and_speed_at_two_depths_and_a_score_beside_the_other(tmp_path: Path) -> None:
    bench = Gpu(tmp_path, tmp_path, "cuda")
    eight, twelve, ours, theirs, both = trainer.on_cuda(bench, trainer.parsed(["--device", "cuda", "--against", "train.py"]))
    assert [line["depth"] for line in (eight, twelve, ours)] == [8, 12, 8]
    assert eight["start_seconds_cold"] == twelve["start_seconds_warm"] == 1.5
    assert (twelve["attention"], twelve["mfu"], twelve["mfu_causal"]) == ("varlen", 0.4, 0.38)
    assert (theirs["trainer"], both["better"], both["faster"]) == ("train.py", 0.01, 1.0)
    assert bench.asked == [
        ("cold8", "20step", 8), ("warm8", "20step", 8), ("fast8", "60.0s", 8),
        ("cold12", "20step", 12), ("warm12", "20step", 12), ("fast12", "60.0s", 12), ("300s-1", "300s", 8),
    ]  # fmt: skip


def test_seeds_are_compared_by_their_means() -> None:
    pairs = [(run(1.0), run(2.0, tokens=2000)), (run(1.4), run(2.0, seconds=1.0))]
    assert trainer.compared(pairs) == {
        "val_bpb": 1.2, "tok_per_sec": 2000, "against_val_bpb": 2.0, "better": 0.4, "faster": 1.25
    }  # fmt: skip
    assert "better" not in trainer.compared([(run(1.0), None)])


@pytest.mark.slow
def test_on_a_cpu_the_other_trainer_gets_the_seconds_and_the_text_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trainer.measure import cli

    (tmp_path / "rival.py").write_text(RIVAL)
    (tmp_path / "tiny.yaml").write_text("aspect: 64\nsequence_length: 64\nbatch_tokens: 512\n")
    assert cli.main(["prepare", "--data", str(tmp_path / "data"), "--max-mb", "0.4", "--vocab", "512"]) == 0
    capsys.readouterr()
    given = ["--against", "rival.py", "--seconds", "0.3", "--depth", "1", "--recipe", "tiny.yaml", "--data", "data"]
    assert trainer.main([str(tmp_path / each) if each in ("rival.py", "tiny.yaml", "data") else each for each in given]) == 0
    ours, theirs, both = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert theirs["trainer"] == "rival.py"
    assert theirs["seconds"] >= ours["seconds"] > 0
    assert 0 < ours["val_bpb"] < theirs["val_bpb"] < 9
    assert both["better"] > 0
