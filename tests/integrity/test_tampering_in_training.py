"""Changes that touch what measures them while they train. Each run ends; its evaluation says why it does not count."""

import json
import re

import pytest
from attacks import Attack


def test_an_honest_change_counts(attack: Attack) -> None:
    attack.in_step("import json.tool, warnings\nwarnings.warn('a warning shows a line of the source')")
    record = attack.train()
    assert (record["tampering"], record["outside"]) == ([], [])
    assert attack.evaluate()["valid"] is True


# What is added to an editable module, and what must be said of it.
PATCHES = {
    "the clock": ("import time\ntime.perf_counter = lambda: 0.0", r"training replaced time\.perf_counter$"),
    "another clock": ("import time\ntime.monotonic = lambda: 0.0", r"training replaced time\.monotonic$"),
    "the meter": (
        "from trainer.measure import budget\nbudget.Meter.progress = property(lambda self: 0.5)",
        r"training replaced trainer\.measure\.budget\.Meter\.progress$",
    ),
    "the count of batches": (
        "import dataclasses\nfrom trainer.measure.batches import Batches\n_tally = Batches.tally.fget\n"
        "Batches.tally = property(lambda self: dataclasses.replace(_tally(self), epochs=0.1))",
        r"training replaced trainer\.measure\.batches\.Batches\.tally$",
    ),
    "the code of a function": (
        "from trainer.measure import machine\nmachine.peak_memory_mb.__code__ = (lambda device: 1.0).__code__",
        r"training replaced trainer\.measure\.machine\.peak_memory_mb\(\)$",
    ),
    "the count of FLOPs": (
        "from trainer.measure import flops\nflops.of_step = lambda step: 10**8",
        r"training replaced trainer\.measure\.flops\.of_step",
    ),
    "a formula of the count": (
        "from torch.utils.flop_counter import flop_registry\nflop_registry[torch.ops.aten.mm] = lambda *a, **k: 0",
        r"training replaced the FLOPs of aten\.mm",
    ),
    "the audit hook": (
        "from trainer.measure import audit\naudit.Audit._note = lambda *given: None",
        r"training replaced trainer\.measure\.audit\.Audit\._note",
    ),
}


@pytest.mark.parametrize(("patch", "told"), PATCHES.values(), ids=PATCHES)
def test_what_measures_a_run_may_not_be_replaced(attack: Attack, patch: str, told: str) -> None:
    attack.add("trainer/step.py", patch)
    assert re.search(told, attack.refused())


def test_a_patched_cross_entropy_moves_no_score(attack: Attack) -> None:
    """The score is computed by a process that imports nothing editable; what the log says is the change's own affair."""
    honest = attack.train()
    value = attack.evaluate()["value"]
    attack.add("trainer/model.py", "F.cross_entropy = lambda *a, **k: torch.zeros((), requires_grad=True)")
    (attack.run / "train.json").unlink()
    for name in ("metrics.jsonl", "checkpoint.pt", "result.json"):
        (attack.run / name).unlink()
    assert attack.train()["checkpoint_digest"] == honest["checkpoint_digest"]
    assert attack.evaluate()["value"] == value > 0.5


def test_a_step_that_is_cheap_only_while_it_is_counted(attack: Attack) -> None:
    attack.in_step("for _ in range(2 if given[2] > 0 else 0):\n    _call(self, *given)")
    assert re.search(r"its last step computed 3 times what the counted one did", attack.refused())


def test_a_step_that_is_dear_only_on_its_way(attack: Attack) -> None:
    attack.in_step("for _ in range(3 if 0 < given[2] < 0.9 else 0):\n    _call(self, *given)")
    assert re.match(r"its step \d+ computed 4 times what the counted one did$", attack.refused(budget="12step"))


@pytest.mark.slow
def test_compiled_steps_that_are_dear_on_their_way_are_found_out_afterwards(attack: Attack) -> None:
    """With torch's compiler about, a counter around a step would change its bits: steps are made once more."""
    attack.in_step("import torch._dynamo\nfor _ in range(3 if 0 < given[2] < 0.5 else 0):\n    _call(self, *given)")
    assert re.match(r"a step at \d+% of its budget computed 4 times what the counted one did$", attack.refused(budget="3step"))


def test_training_on_when_the_weights_are_taken(attack: Attack) -> None:
    attack.in_step("type(self.model).kept = staticmethod(lambda: [_call(self, *given) for _ in range(5)])")
    attack.add("trainer/model.py", "GPT.state_dict = lambda self: (self.kept(), nn.Module.state_dict(self))[1]")
    assert re.search(r"training computed outside its steps what 5 steps compute", attack.refused())


def test_training_before_the_clock_starts(attack: Attack) -> None:
    body = """
    _initialize = GPT.initialize


    def _pretrained(self, generator):
        _initialize(self, generator)
        tokens = torch.zeros((8, 64), dtype=torch.int64)
        for _ in range(9):
            self.loss(tokens, tokens).backward()


    GPT.initialize = _pretrained
    """
    attack.add("trainer/model.py", body)
    assert re.search(r"training computed outside its steps what [\d.]+ steps compute", attack.refused())


def test_a_thread_that_goes_on(attack: Attack) -> None:
    attack.add("trainer/step.py", "import threading, time\n\n\ndef _on():\n    while True:\n        time.sleep(0.01)\n")
    attack.in_step("threading.active_count() > 1 or threading.Thread(target=_on, daemon=True).start()")
    assert attack.refused() == "a thread of trainer/step.py was still at work after the last step"


def test_an_order_may_choose_what_is_learned_from(attack: Attack) -> None:
    every_other = "import numpy\n\n\ndef order(documents, draw):\n    return numpy.arange(0, int(documents.chunks.sum()), 2)\n"
    attack.add("trainer/order.py", every_other)
    record = attack.train()
    assert 0.4 < record["selected_fraction"] < 0.6 and record["tampering"] == record["outside"] == []
    assert attack.evaluate()["valid"] is True


def test_an_order_may_not_train(attack: Attack) -> None:
    body = """
    import torch

    _order = order


    def order(documents, draw):
        for _ in range(400):
            torch.ones(512, 512) @ torch.ones(512, 512)
        return _order(documents, draw)
    """
    attack.add("trainer/order.py", body)
    assert re.search(r"training computed outside its steps what [\d.]+ steps compute", attack.refused(budget="1step"))


def test_more_threads_than_the_device_has(attack: Attack) -> None:
    attack.in_step("torch.set_num_threads(3)")
    assert attack.refused() == "training set torch to 3 threads; the lab gave it 1"


# What a step does, and what must be said of it.
DEEDS = {
    "opens the validation text": (
        "open(DATA + '/validation_tokens.npy').close()",
        r"opened what it is scored on \(validation_tokens",
    ),
    "opens it under another name": (
        "import os\nos.link(DATA + '/validation_tokens.npy', RUN + '-other')\n"
        "open(RUN + '-other').close()\nos.unlink(RUN + '-other')",
        r"opened what it is scored on",
    ),
    "lets numpy open it": ("import numpy\nnumpy.load(DATA + '/validation_tokens.npy')", r"opened what it is scored on"),
    "lets a program open it": (
        "import subprocess\nsubprocess.run(['true', DATA + '/validation_tokens.npy'])",
        r"opened what it is scored on \(subprocess\.Popen: true\)",
    ),
    "reads sources of the corpus": (
        "import json.decoder, pathlib\npathlib.Path(json.decoder.__file__).read_text()",
        r"read sources of the corpus \(json/decoder\.py\)",
    ),
    "reads them by inspection": (
        "import inspect, json.encoder\ninspect.getsource(json.encoder)",
        r"read sources of the corpus \(json/encoder\.py\)",
    ),
    "reads shards of the corpus": (
        "try:\n    open('/corpus/shard_06542.parquet')\nexcept OSError:\n    pass",
        r"read sources of the corpus \(shard_06542\.parquet\)$",
    ),
    "forks": (
        "import os, time\nif os.fork() == 0:\n    time.sleep(1)\n    os._exit(0)",
        r"started processes or connections of its own \(os\.fork, in trainer/step\.py\)",
    ),
    "starts a program": (
        "import subprocess\nsubprocess.run(['true'])",
        r"started processes or connections of its own \(subprocess\.Popen: true, in trainer/step\.py\)",
    ),
    "writes its own outcome": (
        "import pathlib\npathlib.Path(RUN, 'outcome.json').write_text('{\"metric\": 0.1}')",
        r"wrote where only the lab writes \(outcome\.json\)",
    ),
    "writes its own record": (
        "import pathlib\npathlib.Path(RUN, 'train.json').write_text('{}')",
        r"wrote where only the lab writes \(train\.json\)",
    ),
    "writes its own result": (
        "import json, os\nopen(RUN + '/x', 'w').close()\nos.replace(RUN + '/x', RUN + '/result.json')",
        r"wrote where only the lab writes \(result\.json, x\)",
    ),
    "edits the evaluator": (
        "import trainer.measure.nats as nats\nopen(nats.__file__, 'a').write('# mine')",
        r"wrote where only the lab writes \(trainer/measure/nats\.py\)",
    ),
    "edits the shards": (
        "open(DATA + '/train_lengths.npy', 'r+b').close()\nopen(DATA + '/token_bytes.npy', 'ab').close()",
        r"wrote where only the lab writes \(data/token_bytes\.npy, data/train_lengths\.npy\)",
    ),
}


@pytest.mark.parametrize(("deed", "told"), DEEDS.values(), ids=DEEDS)
def test_a_step_does_nothing_beside_its_task(attack: Attack, deed: str, told: str) -> None:
    names = f"DATA, RUN = {str(attack.data)!r}, {str(attack.run)!r}\n"
    attack.in_step(names + deed)
    assert re.search(told, attack.refused(budget="1step"))


def test_a_flood_of_harmless_files_hides_nothing(attack: Attack) -> None:
    """What makes a run invalid has a list of its own."""
    flood = "for n in range(30):\n    try:\n        open(f'/nowhere/{n}')\n    except OSError:\n        pass\n"
    attack.in_step(flood + f"open({str(attack.data / 'validation_tokens.npy')!r}).close()")
    assert "opened what it is scored on" in attack.refused(budget="1step")


def test_a_printed_score_is_nobody_s_score(attack: Attack) -> None:
    line = json.dumps({"metric": "val_bpb", "value": 0.1, "valid": True})
    attack.in_step(f"print('val_bpb: 0.1')\nprint({line!r}, flush=True)")
    attack.in_logits(f"print({line!r}, flush=True)")
    attack.train()
    assert line in attack.log.read_text(), "it was printed"
    result = attack.evaluate()
    assert result["valid"] is True and result["value"] > 0.5
