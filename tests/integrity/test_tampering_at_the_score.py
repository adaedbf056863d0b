"""Models that cheat when they are scored, and files that changed between training and the score."""

import json
import re
from pathlib import Path

import pytest
from attacks import Attack

ONE_HOT = "torch.nn.functional.one_hot(tokens, logits.size(-1))"
MODELS = {
    "sees the next token": (f"logits = logits + {ONE_HOT}.roll(-1, 1)", "the model looks ahead: changed later tokens"),
    "sees a far token": (f"logits = logits + {ONE_HOT}.roll(-30, 1)", "the model looks ahead"),
    "sees its neighbours": ("logits = logits + tokens.float().mean()", "the model looks ahead"),
    "remembers what it saw": (
        f"self.seen = getattr(self, 'seen', 0) + {ONE_HOT}.sum((0, 1))\nlogits = logits + self.seen.clamp(max=99).log1p()",
        "the model (keeps state|looks ahead)",
    ),
    "counts its calls": (
        "self.calls = getattr(self, 'calls', 0) + 1\nlogits = logits * (1 + self.calls // 9)",
        "the model keeps state",
    ),
    "is not a number": ("logits[-1, -1, -1] = float('nan')", "a logit is NaN or infinite"),
    "is infinitely sure": ("logits[0, 0, 0] = float('inf')", "a logit is NaN or infinite"),
    "has logits of another shape": ("logits = logits[:, :, 1:]", "logits have shape"),
    "opens the text": (
        "open(DATA + '/validation_tokens.npy').close()",
        r"of the model, when it was scored: it opened what it is scored on \(validation_tokens\.npy\)",
    ),
    "reads the corpus": (
        "import json.decoder, pathlib\npathlib.Path(json.decoder.__file__).read_text()",
        r"of the model, when it was scored: it read sources of the corpus \(json/decoder\.py\)",
    ),
}


@pytest.mark.parametrize(("body", "told"), MODELS.values(), ids=MODELS)
def test_a_model_that_cheats_is_not_scored(attack: Attack, trained: Path, body: str, told: str) -> None:
    attack.in_logits(f"DATA = {str(attack.data)!r}\n" + body)
    attack.adopt(trained)
    assert re.search(told, attack.reason())


def test_logits_that_are_not_normalized_gain_nothing(attack: Attack, trained: Path) -> None:
    """The scorer normalizes by itself: a model that claims more than everything is as good as before."""
    attack.adopt(trained)
    before = attack.evaluate()["value"]
    attack.in_logits("logits = logits + 40")
    attack.adopt(trained)
    assert attack.evaluate()["value"] == pytest.approx(before, rel=1e-4)


def test_a_checkpoint_that_was_swapped(attack: Attack, trained: Path) -> None:
    attack.adopt(trained)
    (attack.run / "checkpoint.pt").write_bytes((attack.run / "checkpoint.pt").read_bytes() + b"\0")
    assert attack.reason().startswith("checkpoint_digest is ")


@pytest.mark.parametrize(
    ("file", "told"), [("trainer/measure/nats.py", "evaluator_digest is "), ("trainer/model.py", "code_digest is ")]
)
def test_code_that_changed_after_training(attack: Attack, trained: Path, file: str, told: str) -> None:
    attack.adopt(trained)
    attack.add(file, "# another")
    assert attack.reason().startswith(told)


@pytest.mark.parametrize("name", ["validation_tokens.npy", "token_bytes.npy", "tokenizer.json"])
def test_a_data_file_that_was_edited(attack: Attack, trained: Path, name: str) -> None:
    attack = attack.own_data()
    attack.adopt(trained)
    data = bytearray((attack.data / name).read_bytes())
    data[-1] ^= 1
    (attack.data / name).write_bytes(data)
    assert attack.reason() == f"{name} is not what was prepared"


def test_a_training_shard_that_was_edited(attack: Attack) -> None:
    attack = attack.own_data()
    tokens = bytearray((attack.data / "train_tokens.npy").read_bytes())
    tokens[-1] ^= 1
    (attack.data / "train_tokens.npy").write_bytes(tokens)
    assert attack.refused() == "train_tokens.npy is not what was prepared"


@pytest.mark.parametrize("fact", ["corpus_digest", "files"])
def test_a_digest_of_the_corpus_that_was_edited(attack: Attack, trained: Path, fact: str) -> None:
    attack = attack.own_data()
    attack.adopt(trained)
    facts = json.loads((attack.data / "data.json").read_text())
    facts[fact] = {} if fact == "files" else "0" * 64
    (attack.data / "data.json").write_text(json.dumps(facts))
    assert re.match(r"(corpus|data)_digest is ", attack.reason())
