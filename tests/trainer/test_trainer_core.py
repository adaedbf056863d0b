"""The CORE metric: bundles read, answers graded by hand, models that cheat refused."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
from bundles import BOS, CHOICES, LM, MC, RIGHT, SCHEMA, VOCAB, letters, write_bundle, write_core

from trainer.measure.core import batches, bundle, evaluation, grading, result, table
from trainer.measure.errors import InvalidScore, UsageError
from trainer.measure.exchange import Shape


@dataclass(slots=True)
class Successor:
    """Expects the next letter of the alphabet, with 10 nats over every other."""

    shape: Shape
    answer: Callable[[numpy.ndarray], numpy.ndarray] = lambda inputs: inputs + 1
    asked: int = 0

    def predictions(self, inputs: numpy.ndarray, places: numpy.ndarray) -> numpy.ndarray:
        self.asked += 1
        assert inputs.size <= self.shape.rows * self.shape.T and len(places) <= self.shape.places
        expected = self.answer(inputs).ravel()[places]
        return 10 * (expected[:, None] == numpy.arange(VOCAB)).astype(numpy.float32)


def reading(context: int = 64) -> evaluation.Reading:
    return evaluation.Reading(letters, BOS, context)


def run(tasks: Sequence[bundle.Task], *models: grading.Model, most: int | None = None) -> list[result.Outcome]:
    return evaluation.Evaluation(models, reading(), most, lambda line: None).run(tasks)[0]


@pytest.fixture
def three(tmp_path: Path) -> bundle.Bundle:
    tasks = {"choice": (MC, 1, 50.0), "context": (SCHEMA, 2, 50.0), "sentence": (LM, 0, 0.0)}
    return bundle.open_folder(write_bundle(tmp_path / "bundle", tasks), partial=True)


def successor(tokens: int = 256) -> Successor:
    return Successor(batches.shape(64, VOCAB, tokens))


def test_accuracies_of_a_known_model_are_those_counted_by_hand(three: bundle.Bundle) -> None:
    outcomes = run(three.tasks, successor())
    assert {str(o.task.kind): o.right for o in outcomes} == RIGHT
    assert [o.items for o in outcomes] == [4, 3, 4]
    assert [o.centered for o in outcomes] == pytest.approx([(0.75 - 0.5) / 0.5, (2 / 3 - 0.5) / 0.5, 0.75])
    numbers = result.numbers(outcomes)
    assert numbers["partial_mean"] == pytest.approx((0.5 + 1 / 3 + 0.75) / 3) and "core" not in numbers
    assert numbers["tasks"]["choice"] == {
        "type": MC, "shots": 1, "n": 4, "accuracy": 0.75, "baseline": 0.5, "centered": 0.5, "cut": 0,
    }  # fmt: skip


def test_the_error_of_the_mean_is_that_of_drawing_the_items(three: bundle.Bundle) -> None:
    outcomes = run(three.tasks, successor())
    variances = [0.75 * 0.25 / 4 / 0.5**2, (2 / 9) / 3 / 0.5**2, 0.75 * 0.25 / 4]
    assert result.error(outcomes) == pytest.approx(math.sqrt(sum(variances)) / 3)


def test_neither_the_size_of_batches_nor_the_number_of_models_changes_an_answer(three: bundle.Bundle) -> None:
    small, one, other = successor(64), successor(), successor()
    assert run(three.tasks, small) == run(three.tasks, one) == run(three.tasks, successor(), other)
    assert small.asked > one.asked and other.asked > 0


def test_a_part_of_a_task_is_the_same_part_every_time(three: bundle.Bundle) -> None:
    first = [outcome.items for outcome in run(three.tasks, successor(), most=3)]
    assert first == [3, 3, 3]
    task = three.tasks[0]
    assert task.items() == task.items() != [bundle._item(task.kind, line, "") for line in CHOICES]


def test_a_model_that_looks_ahead_is_refused(three: bundle.Bundle) -> None:
    ahead = Successor(batches.shape(64, VOCAB, 256), lambda inputs: numpy.roll(inputs, -2, axis=1))
    with pytest.raises(InvalidScore, match="looks ahead"):
        run(three.tasks, ahead)


def test_a_model_that_keeps_state_is_refused(three: bundle.Bundle) -> None:
    fresh, seen = successor(), []
    run(three.tasks, fresh)

    def tired(inputs: numpy.ndarray) -> numpy.ndarray:
        seen.append(1)
        return inputs + 1 + (len(seen) == fresh.asked)  # the last time

    with pytest.raises(InvalidScore, match="keeps state"):
        run(three.tasks, Successor(batches.shape(64, VOCAB, 256), tired))


def test_a_task_that_does_not_fit_says_how_many_items_are_cut(three: bundle.Bundle) -> None:
    narrow = evaluation.Reading(letters, BOS, 2)
    evaluator = evaluation.Evaluation([Successor(batches.shape(2, VOCAB, 64))], narrow, None, lambda line: None)
    outcome = evaluator.run(three.tasks[2:])[0][0]
    assert outcome.cut == 2  # three letters after a token that has to stay: `def` and `cdf`
    assert "2 too long" in table.line(outcome)


def test_the_metric_has_22_tasks_and_says_which_are_missing(tmp_path: Path) -> None:
    assert len(set(bundle.CORE)) == 22
    whole = bundle.open_folder(write_core(tmp_path / "whole"))
    assert [task.label for task in whole.tasks] == list(bundle.CORE) and whole.missing == ()
    (tmp_path / "whole" / "eval_data" / "part" / "piqa.jsonl").unlink()
    with pytest.raises(UsageError, match=r"1 of the 22 tasks of CORE are missing \(piqa\); --partial"):
        bundle.open_folder(tmp_path / "whole")
    rest = bundle.open_folder(tmp_path / "whole", partial=True)
    assert rest.missing == ("piqa",) and len(rest.tasks) == 22  # 21 and one that is not of CORE
    assert rest.digest != whole.digest


def test_only_the_22_tasks_together_are_called_core(tmp_path: Path) -> None:
    whole = bundle.open_folder(write_core(tmp_path / "whole"))
    outcomes = run(whole.tasks, successor())
    assert result.numbers(outcomes)["core"] == pytest.approx(sum(o.centered for o in outcomes) / 22)
    assert "core" not in result.numbers(outcomes[:-1])
    other = bundle.open_folder(tmp_path / "whole", partial=True)
    assert "core" not in result.numbers(run(other.tasks, successor()))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("core.yaml", None, r"core.yaml is not there; a bundle is a folder with core.yaml.*https://"),
        ("core.yaml", "tasks: []\n", "want a list `icl_tasks`"),
        ("core.yaml", "icl_tasks:\n- label: choice\n  icl_task_type: essay\n", "task choice: 'essay' is not a valid Kind"),
        ("eval_meta_data.csv", None, "eval_meta_data.csv is not there"),
        ("eval_meta_data.csv", "Task,Baseline\nchoice,50\n", "want columns"),
        ("eval_meta_data.csv", "Eval Task,Random baseline\nother,50\n", "no random baseline of choice"),
        ("eval_data/part/choice.jsonl", "{}\n{", r"choice.jsonl:1: no multiple_choice item: it lacks 'choices'"),
        ("eval_data/part/choice.jsonl", '{"query": "q", "choices": ["a"], "gold": 1}\n', "choice.jsonl:1: gold 1 is none of 1"),
        ("eval_data/part/choice.jsonl", '{"query": "q", "choices": ["a", [1]], "gold": 0}\n', r"\[1\] is no text"),
        ("eval_data/part/choice.jsonl", '{"query": "q", "choices": ["a"], "gold": 0}\n{"qu', "choice.jsonl:2: no JSON"),
        ("eval_data/part/choice.jsonl", '{"query": "q", "choices": ["a"], "gold": 0}\n', "1 items are too few for 1 examples"),
    ],
)
def test_what_is_wrong_with_a_bundle_is_said_with_its_place(tmp_path: Path, name: str, content: str | None, told: str) -> None:
    folder = write_bundle(tmp_path / "bundle", {"choice": (MC, 1, 50.0)})
    (folder / name).unlink() if content is None else (folder / name).write_text(content)
    with pytest.raises(UsageError, match=told):
        bundle.open_folder(folder, partial=True).tasks[0].items()
