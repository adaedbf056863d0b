"""The update rules against independent computations."""

import pytest
import torch

from trainer.adamw import AdamW
from trainer.muon import Muon, orthogonalized
from trainer.recipe import load
from trainer.schedule import Now, lr_multiplier, muon_momentum, weight_decay


def take(rule: AdamW | Muon, now: Now) -> None:
    """One step of one rule."""
    rule.reduce()
    rule.update(now)
    rule.apply(now)


def _polar(matrices: torch.Tensor) -> torch.Tensor:
    """U Vᵀ from a singular value decomposition."""
    u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
    return u @ vh


def test_orthogonalization_agrees_with_the_singular_value_decomposition() -> None:
    for shape in ((4, 24, 32), (2, 16, 64), (64, 16)):
        matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        found = orthogonalized(matrices)
        singular = torch.linalg.svdvals(found)
        assert 0.8 < singular.min() < singular.max() < 1.2
        cosine = torch.nn.functional.cosine_similarity(found.flatten(), _polar(matrices).flatten(), dim=0)
        assert cosine > 0.99


def test_muon_takes_the_step_of_a_plain_nesterov_with_an_exact_polar_factor() -> None:
    draw = torch.Generator().manual_seed(2)
    start = torch.randn(24, 24, generator=draw)
    fast, plain, buffer = torch.nn.Parameter(start.clone()), start.clone(), torch.zeros_like(start)
    muon = Muon([fast], lr=0.1, beta2=0.0, iterations=5, dtype=torch.float32)
    for _ in range(5):
        gradient = torch.randn(24, 24, generator=draw)
        fast.grad = gradient.clone()
        take(muon, Now(lr_multiplier=0.5, muon_momentum=0.9))
        buffer = 0.9 * buffer + 0.1 * gradient
        plain = plain - 0.05 * _polar(0.9 * buffer + 0.1 * gradient)
    moved = (plain - start).norm()
    assert (fast.detach() - plain).norm() / moved < 0.1


def test_muon_moves_a_tall_matrix_more_and_each_of_a_stack_by_itself() -> None:
    """By the root of its sides' ratio (Jordan et al. 2024), against the exact polar factor of each matrix."""
    draw = torch.Generator().manual_seed(5)
    tall, stack = torch.nn.Parameter(torch.zeros(48, 12)), torch.nn.Parameter(torch.zeros(3, 16, 16))
    for parameter, scale in ((tall, 2.0), (stack, 1.0)):
        parameter.grad = gradient = torch.randn(parameter.shape, generator=draw)
        take(Muon([parameter], lr=0.1, beta2=0.0, iterations=5, dtype=torch.float32), Now())
        expected = -0.1 * scale * _polar(gradient)
        assert (parameter.detach() - expected).norm() / expected.norm() < 0.1


def test_variance_reduction_agrees_with_the_plain_formula_over_many_steps() -> None:
    """NorMuon written out: running mean of each row's mean square, rows divided by its root, Frobenius norm restored."""
    draw = torch.Generator().manual_seed(6)
    parameter, plain, second = torch.nn.Parameter(torch.zeros(20, 12)), torch.zeros(20, 12), torch.zeros(20, 1)
    rule = Muon([parameter], lr=0.1, beta2=0.9, iterations=5, dtype=torch.float32)
    for _ in range(8):
        gradient = torch.randn(20, 12, generator=draw) * torch.linspace(0.2, 3, 20)[:, None]
        parameter.grad = gradient.clone()
        take(rule, Now())
        update = orthogonalized(gradient)
        second = 0.9 * second + 0.1 * (update**2).mean(dim=1, keepdim=True)
        even = update / second.sqrt()
        plain = plain - 0.1 * (20 / 12) ** 0.5 * even * (update.norm() / even.norm())
    assert torch.allclose(parameter, plain, rtol=1e-3, atol=1e-4)


def test_variance_reduction_keeps_each_updates_norm_and_evens_out_its_rows() -> None:
    draw = torch.Generator().manual_seed(3)
    parameter = torch.nn.Parameter(torch.zeros(32, 8))
    muon = Muon([parameter], lr=1.0, beta2=0.95, iterations=5, dtype=torch.float32)
    parameter.grad = torch.randn(32, 8, generator=draw) * torch.linspace(0.1, 5, 32)[:, None]
    take(muon, Now())
    rows = parameter.detach().norm(dim=1)
    assert rows.std() / rows.mean() < 0.01


def test_weight_decay_acts_only_where_it_agrees_with_the_update() -> None:
    start = torch.ones(8, 8)
    moves = {}
    for decay in (0.0, 0.5):
        parameter = torch.nn.Parameter(start.clone())
        muon = Muon([parameter], lr=0.1, beta2=0.0, iterations=5, dtype=torch.float32)
        parameter.grad = torch.eye(8) - 0.3
        take(muon, Now(weight_decay=decay))
        moves[decay] = parameter.detach() - start
    agreeing = moves[0.0] < 0
    assert agreeing.any()
    assert not agreeing.all()
    assert torch.allclose((moves[0.5] - moves[0.0])[agreeing], torch.tensor(-0.05))
    assert torch.equal(moves[0.5][~agreeing], moves[0.0][~agreeing])


class OneKernel(AdamW):
    """As on a GPU; torch has that kernel for a CPU, too."""

    def _plain(self, part: torch.Tensor, gradient: torch.Tensor, lr: float) -> None:
        self._fused(part, gradient, lr)


@pytest.mark.parametrize("kind", [AdamW, OneKernel])
def test_adamw_agrees_with_torch(kind: type[AdamW]) -> None:
    draw = torch.Generator().manual_seed(4)
    ours = torch.nn.Parameter(torch.randn(7, 5, generator=draw))
    theirs = torch.nn.Parameter(ours.detach().clone())
    rule = kind(ours, lr=0.02, beta1=0.8, beta2=0.95, eps=1e-8, weight_decay=0.1)
    reference = torch.optim.AdamW([theirs], lr=0.02, betas=(0.8, 0.95), eps=1e-8, weight_decay=0.1)
    for _ in range(10):
        gradient = torch.randn(7, 5, generator=draw)
        ours.grad = gradient.clone()
        take(rule, Now())
        theirs.grad = gradient
        reference.step()
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_schedule_is_flat_then_falls_to_its_final_fraction() -> None:
    recipe = load()
    start = 1 - recipe.warmdown_ratio
    assert lr_multiplier(max(start - 0.01, recipe.warmup_ratio), recipe) == 1
    assert lr_multiplier(1.0, recipe) == recipe.final_lr_fraction
    assert lr_multiplier(0.9, recipe) > lr_multiplier(0.95, recipe)
    assert muon_momentum(10**6, recipe) == recipe.muon_momentum
    assert weight_decay(1.0, recipe) == 0
