"""The model: fused kernels equal the plain expressions, it can memorize, its cost is the closed form's."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from trainer import attention, kernels, loss, model
from trainer import recipe as recipes
from trainer.measure import data as datas
from trainer.measure import flops, seeds
from trainer.measure.batches import Batches
from trainer.packing import pack
from trainer.step import TrainStep


def _built(recipe: recipes.Recipe, depth: int = 2, vocab: int = 512, seed: int = 1) -> model.GPT:
    built = model.build(recipe, depth=depth, vocab=vocab, dtype=torch.float32)
    built.initialize(lambda name: seeds.parameter(seed, name))
    return built


def _values_and_gradients(function: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> list[torch.Tensor]:
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    out = function(*leaves)
    weights = torch.linspace(-1, 1, out.numel()).view(out.shape)
    return [out, *torch.autograd.grad((out * weights).sum(), leaves)]


def _plain_loss(x: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, cap: float) -> torch.Tensor:
    return F.cross_entropy(loss.softcapped(x @ weight.T, cap), targets, ignore_index=-1, reduction="sum")


def test_fused_kernels_equal_the_plain_expressions() -> None:
    x = torch.randn(300, 16, generator=torch.Generator().manual_seed(1))
    weight, targets = x[:40] * 2, torch.arange(300) % 41 - 1
    q = x[:60].view(3, 20, 16)
    hidden = torch.full((20, 20), -torch.inf).triu(1)
    pairs = [
        (_values_and_gradients(kernels.norm, x), _values_and_gradients(lambda y: F.rms_norm(y, (16,)), x)),
        (_values_and_gradients(kernels.relu_squared, x), _values_and_gradients(lambda y: F.relu(y).square(), x)),
        (
            _values_and_gradients(lambda a, b, c: kernels.short_attention(a, b, c, hidden), q, q + 1, q * 2),
            _values_and_gradients(lambda a, b, c: F.scaled_dot_product_attention(a, b, c, is_causal=True), q, q + 1, q * 2),
        ),
    ]
    for cap in (0.0, 3.0):
        fused = _values_and_gradients(lambda a, b, c=cap: loss.capped_cross_entropy(a, b, targets, c), x, weight)
        pairs.append((fused, _values_and_gradients(lambda a, b, c=cap: _plain_loss(a, b, targets, c), x, weight)))
    for fused, plain in pairs:
        for ours, theirs in zip(fused, plain, strict=True):
            assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("T", [24, attention.SHORT + 8])
@pytest.mark.parametrize("window", [-1, 5])
def test_short_and_long_rows_see_the_same_keys(T: int, window: int) -> None:
    q, k, v = torch.randn(3, 2, T, 2, 8, generator=torch.Generator().manual_seed(1)).unbind(0)
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(8)
    for query in range(T):
        scores[:, :, query, query + 1 :] = -torch.inf
        scores[:, :, query, : max(query - window, 0) if window >= 0 else 0] = -torch.inf
    expected = torch.einsum("bhqk,bkhd->bqhd", scores.softmax(dim=-1), v)
    assert torch.allclose(attention.attend(q, k, v, window), expected, atol=1e-5)


def test_rotary_positions_turn_complex_numbers_and_scores_see_only_distances() -> None:
    recipe = recipes.load()
    T, H, D = 40, 2, recipe.head_dim
    one = torch.randn(1, 1, 2, H, D, generator=torch.Generator().manual_seed(1)).double()
    qk = one.expand(1, T, 2, H, D)  # the same query and key at every position
    turned = model.rotated(qk, model.rotary(T, recipe, torch.device("cpu"), torch.float64))
    angles = torch.arange(T)[:, None] * recipe.rope_base ** (-torch.arange(D // 2) / (D // 2)).double()
    numbers = torch.complex(*qk.chunk(2, dim=-1)) * torch.polar(torch.ones_like(angles), -angles)[:, None, None]
    assert torch.allclose(turned, torch.cat((numbers.real, numbers.imag), dim=-1), atol=1e-4)
    scores = torch.einsum("bqhd,bkhd->bhqk", *turned.unbind(2))
    assert torch.allclose(scores[..., 1:, 1:], scores[..., :-1, :-1], atol=1e-3)


def test_angles_are_kept_for_a_training_row_and_reckoned_for_a_longer_one() -> None:
    recipe = recipes.load()
    built = _built(recipe, depth=1)
    assert not built.state_dict().keys() & {"cos", "sin"}, "they are no part of a checkpoint"
    for T in (1, 17, recipe.sequence_length, 3 * recipe.sequence_length):
        for kept, plain in zip(built._rope(T), model.rotary(T, recipe, torch.device("cpu"), torch.float32), strict=True):
            assert torch.equal(kept, plain)


def test_flops_agree_with_the_closed_form(data: Path) -> None:
    recipe = recipes.load()
    built = _built(recipe, depth=3)
    step = TrainStep(built, recipe)
    tokens = torch.zeros(recipe.batch_tokens // recipe.sequence_length, recipe.sequence_length, dtype=torch.int64)
    with attention.plain():
        forward_backward = flops.of_step(lambda: built.loss(tokens, tokens).backward())
        whole = flops.of_step(lambda: step(tokens, tokens, 0.0))
    matrices = built.head.weight.numel() + sum(p.numel() for p in built.blocks.parameters())
    form = flops.closed_form(
        matrix_parameters=matrices, layers=3, width=built.width, T=recipe.sequence_length, tokens=recipe.batch_tokens
    )
    assert forward_backward == pytest.approx(form, rel=0.03)
    assert whole > forward_backward


@pytest.mark.parametrize("T", [32, attention.SHORT * 2])
def test_the_counter_agrees_with_torchs_own(T: int) -> None:
    recipe = recipes.load()
    tokens = torch.zeros(2, T, dtype=torch.int64)
    with FlopCounterMode(display=False) as theirs, sdpa_kernel(SDPBackend.MATH):
        TrainStep(_built(recipe), recipe)(tokens, tokens, 0.0)
    assert flops.of_step(lambda: TrainStep(_built(recipe), recipe)(tokens, tokens, 0.0)) == theirs.get_total_flops()


def test_it_memorizes_one_batch(data: Path) -> None:
    torch.set_num_threads(1)
    recipe = recipes.load()
    built = _built(recipe, depth=1, vocab=datas.open_folder(data).vocab)
    batch = Batches(datas.open_folder(data), seed=1, T=32, batch_tokens=256, pack=pack).next()
    step = TrainStep(built, recipe)
    first = float(step(*batch, 0.0))
    losses = [float(step(*batch, progress / 60)) for progress in range(60)]
    assert first > 5
    assert losses[-1] < 0.3


def test_micro_batches_give_the_same_gradient(data: Path) -> None:
    recipe = recipes.load()
    batch = Batches(datas.open_folder(data), seed=1, T=32, batch_tokens=256, pack=pack).next()
    moved = []
    for micro in (32, 256):
        built = _built(recipes.Recipe(**recipe.values() | {"micro_batch_tokens": micro}), depth=1)
        TrainStep(built, built.recipe)(*batch, 0.0)
        moved.append(built.embedding.weight.detach())
    start = _built(recipe, depth=1).embedding.weight.detach()
    assert F.cosine_similarity((moved[0] - start).flatten(), (moved[1] - start).flatten(), dim=0) > 0.99


def test_an_added_parameter_leaves_the_others_alone() -> None:
    recipe = recipes.load()
    with_values = dict(_built(recipe).named_parameters())
    without = dict(_built(recipes.Recipe(**recipe.values() | {"value_embeddings": False})).named_parameters())
    assert with_values.keys() > without.keys()
    assert all(torch.equal(without[name], with_values[name]) for name in without)


def test_each_parameter_draws_its_own_numbers() -> None:
    layers = _built(recipes.load()).blocks
    assert not torch.equal(layers[0].attention.qkv, layers[1].attention.qkv)
    assert not torch.equal(layers[0].attention.qkv[0], layers[0].attention.qkv[1])


def test_depth_alone_sizes_the_model() -> None:
    recipe = recipes.load()
    for depth in (1, 2, 5):
        built = _built(recipe, depth=depth)
        assert len(built.blocks) == depth
        assert built.width == math.ceil(recipe.aspect * depth / recipe.head_dim) * recipe.head_dim


def test_a_short_window_hides_what_is_further_back() -> None:
    recipe = recipes.Recipe(**recipes.load().values() | {"window_pattern": "SL", "sequence_length": 32, "short_window": 0.25})
    assert model.windows(recipe, 4) == [8, -1, 8, -1]


def test_an_unknown_recipe_key_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("muon_lrr: 0.1\n")
    with pytest.raises(recipes.RecipeError, match="unknown key muon_lrr; did you mean muon_lr"):
        recipes.load(path)
    path.write_text("batch_tokens: many\n")
    with pytest.raises(recipes.RecipeError, match="batch_tokens: 'many' is not an int"):
        recipes.load(path)
