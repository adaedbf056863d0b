"""What `org start` refuses before it costs a night, each with the command that mends it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import Laboratory, git, make, open_, repository

from org.config import Config, TaskConfig
from org.lab import guards
from org.lab.lab import Lab
from org.model.errors import Refused
from org.runs.devices import Device
from org.runs.gpus import Gpu, Reading

ORG = Path(sys.executable).parent / "org"
H100 = "NVIDIA H100 80GB HBM3"
EIGHT = Reading(tuple(Gpu(i, H100, 81559, 500) for i in range(8)), "570.86")
BUSY = Reading((Gpu(0, H100, 81559, 70000, (17,)),), "570.86")
NONE = Reading()
ON_CPU, ON_GPU = (Device("cpu:0", "cpu"),), (Device("cuda:0", H100, 4),)


def config(budget: str = "100step") -> Config:
    told = {"lab": "t", "structure": "solo", "agents": [{"role": "junior"}]}
    task = {"command": "x", "evaluate": "y", "editable": ["a"], "ladder": [{"run_budget": budget}]}
    return Config.model_validate({**told, "task": task})


def test_a_cpu_lab_beside_idle_gpus_is_refused() -> None:
    (guard,) = guards.wrong_devices(config(), ON_CPU, EIGHT, 8)
    assert "8 GPUs are idle" in guard.why and "--profile h100x8" in guard.mend and guard.liftable
    (guard,) = guards.wrong_devices(config(), ON_CPU, Reading(EIGHT.gpus[:1]), 1)
    assert "--profile gpu1" in guard.mend


@pytest.mark.parametrize("budget", ["2.9e12flop", "1e6tok", "99999999999999flop"])
def test_a_cpu_s_run_on_a_gpu_is_refused(budget: str) -> None:
    (guard,) = guards.wrong_devices(config(budget), ON_GPU, EIGHT, 8)
    assert budget in guard.why and H100 in guard.why and "org start --config h100x8.yaml" in guard.mend


@pytest.mark.parametrize(
    ("devices", "cards", "budget"),
    [
        (ON_CPU, NONE, "2.9e12flop"),
        (ON_CPU, BUSY, "2.9e12flop"),
        (ON_GPU, EIGHT, "300s"),
        (ON_GPU, EIGHT, "1e17flop"),
        (ON_GPU, EIGHT, "5e7tok"),
        (ON_GPU, EIGHT, "400step"),
    ],
)
def test_what_fits_its_machine_passes(devices: tuple[Device, ...], cards: Reading, budget: str) -> None:
    assert guards.wrong_devices(config(budget), devices, cards, len(cards.gpus)) == []


def test_gpus_that_cannot_be_asked_or_seen_are_told() -> None:
    (broken,) = guards.wrong_devices(config(), ON_CPU, Reading(trouble="Driver/library version mismatch"), 0)
    assert "version mismatch" in broken.why and "nvidia-smi" in broken.mend
    (hidden,) = guards.wrong_devices(config(), ON_CPU, NONE, 8)
    assert "has 8 GPUs and this shell sees 0" in hidden.why and "sandbox" in hidden.mend


def test_cards_of_another_model_are_told_with_the_way_out() -> None:
    mixed = (*ON_GPU, Device("cuda:1", "A100", 4), Device("cuda:2", H100, 4))
    (guard,) = guards.other_models(mixed)
    assert f"2 × {H100}, 1 × A100" in guard.why and f"run on {H100} only, and only `org try` uses cuda:1" in guard.why
    assert "devices: [cuda:1]" in guard.mend
    assert guards.other_models(ON_GPU) == []


def test_a_small_pool_is_told_with_what_its_races_see() -> None:
    ladder = [{"run_budget": "100step", "pool": 4}, {"run_budget": "200step", "pool": 3}, {"run_budget": "300step"}]
    told = config()
    small = told.model_copy(update={"task": TaskConfig.model_validate({**told.task.model_dump(), "ladder": ladder})})
    (guard,) = guards.small_pools(small)
    seen = [int(share) for share in re.findall(r"(\d+)%", guard.why)]
    assert guard.why.startswith("task.ladder[0].pool: 4: ") and len(seen) == 4
    assert seen[0] < 20 < seen[2] and seen[1] < seen[3], "a rung in the middle runs no race; the last one has all eight"
    assert guards.small_pools(told) == []


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """A lab whose task answers `epochs` with these facts (printed by a file of its repository)."""
    made: list[Laboratory] = []

    def lab(answer: dict[str, object] | str, devices: tuple[Device, ...] = ON_GPU, prepare: bool = True) -> Lab:
        def configure(text: str) -> str:
            epochs = '  epochs: "{python} -P answer.py {budget} {depth} {data} {device}"\n'
            prepared = "  prepare: \"{python} -c 'pass'\"\n" if prepare else ""
            reads = text.replace('--out {run}"', '--out {run} --data {data}"').replace(
                "run_budget: 100step", "run_budget: 1e17flop"
            )
            return reads.replace("task:\n", f"task:\n{prepared}{epochs}")

        root = repository(tmp_path / f"r{len(made)}" / "repository", "fit", configure)
        told = answer if isinstance(answer, str) else f"print({json.dumps(json.dumps(answer))})"
        (root / "answer.py").write_text(told)
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "answers")
        made.append(open_(root))
        return replace(made[-1].lab, devices=devices)

    yield lab
    for laboratory in made:
        laboratory.lab.ledger.close()


def told(epochs: float, **more: object) -> dict[str, object]:
    return {"epochs": epochs, "tokens": int(epochs * 4e6), "train_tokens": 4_000_000, "missing": [], **more}


def test_a_gpu_run_that_reads_its_corpus_too_often_is_refused_with_a_budget_that_fits(asked: Callable[..., Lab]) -> None:
    lab = asked(told(50.0, estimated=True))
    with pytest.raises(Refused) as refused:
        guards.after(lab, anyway=False)
    text = str(refused.value)
    assert "pass its corpus at least 50 times (200,000,000 of 4,000,000 tokens)" in text
    assert "lower run_budget to 8e15flop" in text and "larger corpus" in text and "org start --anyway" in text


def test_four_times_is_allowed(asked: Callable[..., Lab]) -> None:
    assert guards.after(asked(told(4.0)), anyway=False) == []


def test_every_rung_of_the_ladder_is_asked_about(asked: Callable[..., Lab]) -> None:
    lab = asked("import json, sys; print(json.dumps({'epochs': 50.0 if sys.argv[1] == '9e18flop' else 1.0, 'missing': []}))")
    task = lab.config.task
    ladder = [*task.ladder, task.ladder[0].model_copy(update={"run_budget": "9e18flop"})]
    lab = replace(lab, config=lab.config.model_copy(update={"task": task.model_copy(update={"ladder": ladder})}))
    with pytest.raises(Refused, match="a run of 9e18flop would pass its corpus 50 times"):
        guards.after(lab, anyway=False)


def test_on_a_cpu_nobody_asks(asked: Callable[..., Lab]) -> None:
    assert guards.after(asked("raise SystemExit('asked')", ON_CPU), anyway=False) == []


def test_anyway_lifts_it_and_is_remembered(asked: Callable[..., Lab]) -> None:
    lab = asked(told(50.0))
    assert "started anyway" in guards.after(lab, anyway=True)[0]
    assert "started anyway" in guards.after(lab, anyway=False)[0]


def test_missing_data_is_refused_whatever_a_person_says(asked: Callable[..., Lab]) -> None:
    mend = "python -m trainer prepare --data D"
    lab = asked({"epochs": None, "missing": ["tokenizer.json"], "mend": mend})
    for anyway in (False, True):
        with pytest.raises(Refused, match=r"lacks tokenizer\.json") as refused:
            guards.after(lab, anyway)
        assert mend in str(refused.value) and "--anyway" not in str(refused.value)


def test_a_task_that_reads_data_nobody_prepared_is_refused(asked: Callable[..., Lab]) -> None:
    lab = asked(told(1.0), ON_CPU, prepare=False)
    with pytest.raises(Refused, match=r"is empty and the config has no task\.prepare"):
        guards.after(lab, anyway=True)
    (lab.layout.data / "corpus.bin").write_text("text")
    assert guards.after(lab, anyway=False) == []


def test_a_root_that_does_not_know_the_question_is_started_with_a_warning(asked: Callable[..., Lab]) -> None:
    (warning,) = guards.after(asked("import sys; sys.exit('no such command')"), anyway=False)
    assert "no such command" in warning


def start(root: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [str(ORG), "start", "--no-grid"], cwd=root, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_org_start_refuses_and_says_how_to_mend_it(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository", "fit", lambda text: text.replace('--out {run}"', '--out {run} --data {data}"'))
    (root / "roles").mkdir()
    (root / "roles" / "junior.md").write_text("You are {{ agent }}.\n")
    done = start(root)
    assert done.returncode == 1 and "add `prepare:` to the task" in done.stderr and "Traceback" not in done.stderr
    (root / "comms" / "data" / "corpus.bin").write_text("text")
    done = start(root)
    assert done.returncode == 0, done.stderr


def test_a_lab_on_this_machine_starts_without_a_word_of_guards(tmp_path: Path) -> None:
    lab = make(tmp_path).lab
    assert guards.before(lab, NONE, 0, anyway=False) == [] and guards.after(lab, anyway=False) == []
    lab.ledger.close()
