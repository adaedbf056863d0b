"""The dial: the recipe itself at depth 2, the published values at large depths, what was measured between; and `trainer plan`."""

import importlib.util
import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch

from trainer import model, scaling
from trainer import recipe as recipes
from trainer.measure import cli
from trainer.measure.plan import plan

RECIPE = recipes.load()
LARGE = replace(RECIPE, tokens_per_parameter=12.0)  # nanochat's horizon, with its vocabulary of 32768
ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "docs" / "data" / "scaling.csv"


def test_depth_2_is_the_recipe_itself_to_the_last_bit() -> None:
    assert scaling.scaled(RECIPE, depth=2, vocab=2048) == RECIPE


@pytest.mark.parametrize(("depth", "vocab"), [(1, 2048), (1, 512), (2, 512)])
def test_what_is_smaller_than_the_tuned_model_is_left_as_it_is(depth: int, vocab: int) -> None:
    assert scaling.scaled(RECIPE, depth=depth, vocab=vocab) == RECIPE


@pytest.mark.parametrize(("depth", "batch"), [(8, 2**18), (12, 2**19), (24, 2**20)])
def test_large_depths_get_the_published_batch(depth: int, batch: int) -> None:
    """nanochat, scripts/base_train.py: 2**19 at depth 12, times the tokens' ratio to the power .383, to a power of two."""
    assert scaling.scaled(LARGE, depth=depth, vocab=32768).batch_tokens == batch


def test_at_the_published_horizon_values_are_the_published_ones() -> None:
    stretch = scaling.PUBLISHED / scaling.TUNED
    assert 2048 * scaling.BATCH(stretch) == pytest.approx(2**19)
    assert RECIPE.muon_lr * scaling.MUON_LR(stretch) == pytest.approx(0.02)
    assert RECIPE.unembedding_lr * scaling.UNEMBEDDING_LR(stretch) == pytest.approx(0.008)
    assert RECIPE.embedding_lr * scaling.EMBEDDING_LR(stretch) == pytest.approx(0.3)
    assert RECIPE.value_embedding_lr * scaling.VALUE_EMBEDDING_LR(stretch) == pytest.approx(0.15)
    assert RECIPE.weight_decay * scaling.WEIGHT_DECAY(stretch) == pytest.approx(0.28)


def test_beyond_it_values_move_as_published() -> None:
    """nanochat: rates with the root of the batch, AdamW's with the root of the width too; decay with root(batch) / tokens."""
    tokens = scaling.horizon(LARGE, depth=48, vocab=32768) / scaling.horizon(LARGE, depth=24, vocab=32768)
    near, far = (scaling.scaled(LARGE, depth=depth, vocab=32768) for depth in (24, 48))
    assert far.muon_lr / near.muon_lr == pytest.approx(math.sqrt(tokens**0.383))
    assert far.weight_decay / near.weight_decay == pytest.approx(math.sqrt(tokens**0.383) / tokens)
    assert far.embedding_lr / near.embedding_lr == pytest.approx(math.sqrt(tokens**0.383 / 2), abs=0.15)


def test_a_line_has_no_step_and_has_the_slopes_that_it_names() -> None:
    line, eps = scaling.Line(near=0.4, there=7.0, far=-0.8), 1e-9
    for bend in (scaling.MEASURED / scaling.TUNED, scaling.PUBLISHED / scaling.TUNED):
        assert line(bend * (1 + eps)) == pytest.approx(line(bend * (1 - eps)))
    assert (line(1.0), line(2.0)) == (1.0, pytest.approx(2**0.4))
    assert line(2e6) / line(1e6) == pytest.approx(2**-0.8)


def test_the_batch_grows_with_depth_in_whole_rows() -> None:
    batches = [scaling.scaled(RECIPE, depth=depth, vocab=2048).batch_tokens for depth in range(1, 33)]
    assert batches == sorted(batches) and len(set(batches)) > 5
    assert all(batch % RECIPE.sequence_length == 0 for batch in batches)


def test_what_a_person_writes_into_the_recipe_is_multiplied() -> None:
    """Also where the dial moves it: twice the recipe's value is twice the derived one, at every depth."""
    keys = ("batch_tokens", "muon_lr", "embedding_lr", "value_embedding_lr", "unembedding_lr", "weight_decay")
    twice = replace(LARGE, **{key: 2 * getattr(LARGE, key) for key in keys})
    for depth in (2, 8, 24):
        theirs, ours = (scaling.scaled(recipe, depth=depth, vocab=32768) for recipe in (twice, LARGE))
        assert all(getattr(theirs, key) == 2 * getattr(ours, key) for key in keys)


def test_another_shape_in_the_recipe_moves_no_learning_rate() -> None:
    """Else a try of a wider MLP would be one of other rates and another batch, too."""
    wide = replace(LARGE, mlp_ratio=4.0, aspect=96, head_dim=128, sequence_length=2048, value_embeddings=False)
    for depth in (4, 24):
        plain, other = (scaling.scaled(recipe, depth=depth, vocab=32768) for recipe in (LARGE, wide))
        assert other == replace(plain, mlp_ratio=4.0, aspect=96, head_dim=128, sequence_length=2048, value_embeddings=False)


def test_the_horizon_counts_the_parameters_that_multiply_activations() -> None:
    with torch.device("meta"):
        built = model.build(RECIPE, depth=4, vocab=2048, dtype=torch.bfloat16)
    parameters = built.head.weight.numel() + sum(p.numel() for p in built.blocks.parameters())
    assert scaling.horizon(RECIPE, depth=4, vocab=2048) == pytest.approx(1.38 * parameters, rel=1e-3)


def script(name: str) -> ModuleType:
    """A module of scripts/, by its path."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


def test_the_slopes_are_those_of_the_measured_runs() -> None:
    fitting = script("fit_scaling")
    assert (fitting.TUNED, fitting.PUBLISHED) == (scaling.TUNED, scaling.PUBLISHED)
    slopes = fitting.fit(fitting.lines(RUNS)).slopes
    found = {name: fitting.constant(fitting.joined(name, slope)) for name, slope in slopes.items()}
    assert found["batch"] == scaling.BATCH.near
    assert (found["rate"], found["difference"]) == (scaling.MUON_LR.near, 0.0)
    assert scaling.EMBEDDING_LR.near == scaling.UNEMBEDDING_LR.near == scaling.MUON_LR.near


def test_the_largest_measured_horizon_is_where_the_measured_slopes_end() -> None:
    depths = {run.depth for run in script("fit_scaling").lines(RUNS)}
    assert scaling.horizon(RECIPE, depth=max(depths), vocab=2048) == pytest.approx(scaling.MEASURED, rel=0.01)


def test_a_run_trains_with_what_its_depth_derives(data: Path, tiny: Path, tmp_path: Path) -> None:
    asked = ["train", "--seed", 1, "--budget", "1step", "--depth", 3, "--data", data, "--out", tmp_path, "--recipe", tiny]
    assert cli.main([str(word) for word in asked]) == 0
    record = json.loads((tmp_path / "train.json").read_text())
    derived = scaling.scaled(recipes.load(tiny), depth=3, vocab=512)
    assert record["recipe"] == derived.values()
    assert record["tokens"] == derived.batch_tokens == 2 * recipes.load(tiny).batch_tokens


def test_a_plan_counts_the_flops_that_a_run_counts(scored, tiny: Path) -> None:
    record = json.loads((scored.run / "train.json").read_text())
    found = plan(1, 512, recipe=tiny)
    assert round(found.flops_per_token * record["recipe"]["batch_tokens"]) == record["flops_per_step"]
    assert found.all_parameters == record["parameters"]


def test_a_plan_of_the_default_is_the_default_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--depth", "2"]) == 0
    said = capsys.readouterr().out
    assert "width               128 in 2 heads\n" in said and said.endswith("--depth 2 --budget 2.9e12flop\n")
    assert "times the recipe's" not in said


def test_a_plan_for_a_large_depth_takes_the_folder_s_vocabulary_and_no_memory(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["plan", "--depth", "24", "--data", str(data), "--tokens-per-parameter", "12", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["vocab"], found["width"], found["tokens_per_parameter"]) == (512, 1536, 12.0)
    assert (
        found["tokens"] == found["steps"] * found["derived"]["batch_tokens"] == pytest.approx(12 * found["parameters"], rel=1e-3)
    )
    assert found["budget"] == f"{found['flops']:.2g}flop".replace("e+", "e")


@pytest.mark.parametrize(
    "wrong", [["--depth", "0"], ["--depth", "2", "--tokens-per-parameter", "0"], ["--depth", "2", "--vocab", "x"]]
)
def test_a_plan_refuses_what_cannot_be_meant(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1
