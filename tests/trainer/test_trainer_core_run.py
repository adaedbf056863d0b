"""The CORE metric of a trained model on the command line, and the runs that have none."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from bundles import LM, MC, SCHEMA, write_bundle, write_core

from trainer.measure import checkpoint, cli, tokenizer
from trainer.measure import data as datas
from trainer.measure.core import bundle, prompts, rows


def directly(run: Path, data: datas.Data, asked: bundle.Task) -> int:
    """Right answers by torch's own cross-entropy, an option at a time."""
    model, stored = checkpoint.load(run, torch.device("cpu"), torch.float32)
    encode, T, right = tokenizer.load(data.tokenizer()).encode_ordinary, stored["recipe"]["sequence_length"], 0
    items = asked.items()
    for index, item in enumerate(items):
        losses, exact = [], []
        shown = prompts.examples(asked, items, index)
        for row in rows.of_item(asked, item, shown, encode, bos=data.bos, context=T):
            tokens = torch.from_numpy(row.tokens)
            with torch.inference_mode():
                logits = model.logits(tokens[None, :-1])[0, row.start - 1 : row.stop - 1]
            losses.append(float(torch.nn.functional.cross_entropy(logits, tokens[row.start : row.stop])))
            exact.append(bool((logits.argmax(-1) == tokens[row.start : row.stop]).all()))
        right += exact[0] if asked.kind is bundle.Kind.LANGUAGE_MODELING else losses.index(min(losses)) == item.gold
    return right


WORDS = {
    MC: [{"query": "def f(self):", "choices": ["return self", "zebra zebra", "import"], "gold": at % 3} for at in range(9)],
    SCHEMA: [{"context_options": ["class A:", "for x in"], "continuation": "range(3):", "gold": at % 2} for at in range(6)],
    LM: [{"context": "import os\nimport", "continuation": word} for word in ("sys", "re", "the", "self", "os")],
}


def test_a_trained_model_gets_its_core_on_the_command_line(scored, data: Path, tmp_path: Path, shipped) -> None:
    labels = {label: ((MC, SCHEMA, LM)[at % 3], at % 3, 20.0) for at, label in enumerate(bundle.CORE)}
    folder = write_bundle(tmp_path / "bundle", labels, WORDS, delimiter=" ")
    run = tmp_path / "run"
    shutil.copytree(scored.run, run)
    done = shipped.run("core", "--run", run, "--data", data, "--bundle", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    assert found["valid"] is True, found["reason"]
    assert found == json.loads((run / "core.json").read_text())
    assert done.stderr.splitlines()[-1].startswith(f"CORE {found['core']:.4f} ±")
    assert len(done.stderr.splitlines()) == 24
    opened = bundle.open_folder(folder)
    assert list(found["tasks"]) == list(bundle.CORE)
    for asked in opened.tasks[:3]:
        told = found["tasks"][asked.label]
        assert told["accuracy"] == directly(run, datas.open_folder(data), asked) / told["n"]


def copied(run: Path, to: Path, **changed: Any) -> Path:
    """The run with a train.json that says something else."""
    to.mkdir()
    (to / "checkpoint.pt").write_bytes((run / "checkpoint.pt").read_bytes())
    (to / "train.json").write_text(json.dumps(json.loads((run / "train.json").read_text()) | changed))
    return to


def test_a_run_that_is_not_what_was_trained_or_that_saw_the_bundle_is_invalid(
    scored, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_core(tmp_path / "bundle")
    other = copied(scored.run, tmp_path / "other", code_digest="0")
    seen = copied(scored.run, tmp_path / "seen", outside=[f"open: {folder.resolve()}/eval_data/part/boolq.jsonl"])
    copy = copied(scored.run, tmp_path / "copy", outside=["open: /elsewhere/eval_data/part/boolq.jsonl"])
    opened = "it opened the evaluation bundle (boolq.jsonl)"
    for run, told in ((other, "code_digest is"), (seen, opened), (copy, opened)):
        assert cli.main(["core", "--run", str(run), "--data", str(data), "--bundle", str(folder)]) == 0
        out, err = capsys.readouterr()
        found = json.loads(out)
        assert (found["valid"], found["core"]) == (False, None)
        assert told in found["reason"] and err.startswith("invalid: ")


def test_no_bundle_is_one_line_that_says_where_to_get_one(
    scored, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["core", "--run", str(scored.run), "--data", str(data), "--bundle", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "eval_bundle.zip" in error
