"""Every attention kernel gives the values of the plain computation; one that does not is passed over.

What needs a GPU is tested there; elsewhere stand-ins take the kernels' place and check how they are called.
"""

import importlib.util
import math
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch

from trainer import attention, backends

T, GPU = 200, "no CUDA device here: this kernel is not measured"


def plain(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    """The definition, key by key, in float32."""
    scores = torch.einsum("bqhd,bkhd->bhqk", q.float(), k.float()) / math.sqrt(q.size(-1))
    for query in range(q.size(1)):
        scores[:, :, query, query + 1 :] = -torch.inf
        scores[:, :, query, : max(query - window, 0) if window >= 0 else 0] = -torch.inf
    return torch.einsum("bhqk,bkhd->bqhd", scores.softmax(dim=-1), v.float())


def some(dtype: torch.dtype = torch.float32, device: str = "cpu") -> tuple[torch.Tensor, ...]:
    return torch.randn(3, 2, T, 2, 16, generator=torch.Generator().manual_seed(1)).to(device, dtype).unbind(0)


@pytest.mark.parametrize("window", [-1, 0, 5, T - 1, T + 7])
@pytest.mark.parametrize("name", ["scores", "sdpa"])
def test_the_kernels_of_a_cpu_agree_with_the_definition(name: str, window: int) -> None:
    q, k, v = some()
    assert torch.allclose(backends.BY_NAME[name](q, k, v, window), plain(q, k, v, window), atol=1e-5)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("window", [-1, 5, 150])
def test_flexattention_sees_the_same_keys(window: int) -> None:
    """Uncompiled, forward only: it has no backward pass on a CPU."""
    from torch.nn.attention.flex_attention import flex_attention

    q, k, v = some()
    assert torch.allclose(backends.flex_with(flex_attention, q, k, v, window), plain(q, k, v, window), atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("name", attention.LADDER)
def test_the_kernels_of_a_gpu_agree_with_sdpa(name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip(GPU)
    if name == "flash3" and importlib.util.find_spec("flash_attn_interface") is None:
        pytest.skip("flash_attn_interface is not installed")
    if name == "flash4" and importlib.util.find_spec("flash_attn") is None:
        pytest.skip("flash-attn-4 is not installed")
    try:
        backends.activate(name)
        backends.probe(backends.BY_NAME[name], "cuda")
    finally:
        backends.activate("sdpa")


def test_the_probe_lets_right_kernels_pass_in_bfloat16() -> None:
    backends.probe(backends.scores, "cpu")
    backends.probe(plain, "cpu", torch.float32)
    with torch.inference_mode():  # an evaluation may be the first to ask
        backends.probe(backends.scores, "cpu")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda q, k, v, window: plain(q, k, v, window + 1 if window >= 0 else -1),
        lambda q, k, v, window: plain(q, k, v, -1),
        lambda q, k, v, window: plain(q, k, v, window) * 1.1,
        lambda q, k, v, window: plain(q, k, v.detach(), window),
        lambda q, k, v, window: plain(q, k, v, window) * torch.nan,
    ],
    ids=["a key too many", "no window", "another scale", "no gradient", "not a number"],
)
def test_the_probe_refuses_a_kernel_that_computes_something_else(wrong: backends.Attend) -> None:
    with pytest.raises(ValueError, match="away from sdpa"):
        backends.probe(wrong, "cpu", torch.float32)


def test_the_first_rung_that_works_is_taken_and_the_others_say_why_not() -> None:
    def works(name: str) -> None:
        if name == "flash3":
            raise ModuleNotFoundError("No module named\n'flash_attn_interface'")
        if name == "flash4":
            raise RuntimeError("needs sm_100")

    name, refused = backends.first_that_works(attention.LADDER, works)
    assert name == "varlen"
    told = {"flash3": "ModuleNotFoundError: No module named 'flash_attn_interface'", "flash4": "RuntimeError: needs sm_100"}
    assert refused == told


def test_without_any_that_works_there_is_an_error_and_no_wrong_answer() -> None:
    with pytest.raises(RuntimeError, match="no attention works here"):
        backends.first_that_works(("a", "b"), lambda name: int(name))


def test_a_cpu_takes_scores_while_rows_are_short_and_float32_on_a_gpu_takes_sdpa(monkeypatch: pytest.MonkeyPatch) -> None:
    assert attention.backend("cpu", attention.SHORT) == "scores"
    assert attention.backend("cpu", attention.SHORT + 1) == "sdpa"
    monkeypatch.setattr(attention, "backend", lambda device_type, T: "varlen")
    assert attention._chosen("cuda", 64, True) == "varlen"
    assert attention._chosen("cuda", 64, False) == "sdpa"
    with attention.plain():
        assert attention._chosen("cuda", 64, True) == "sdpa"


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **functions: object) -> None:
    """A module of this name, and of the packages above it, that holds these functions."""
    above = ""
    for part in name.split("."):
        above = f"{above}.{part}".strip(".")
        monkeypatch.setitem(sys.modules, above, sys.modules.get(above) or ModuleType(above))
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(**functions))


@pytest.mark.parametrize("window", [-1, 5, T + 7])
def test_flash_asks_torch_s_operator_for_windows(monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    def forward(q, k, v, starts_q, starts_k, longest_q, longest_k, dropout, causal, debug, **windows):
        assert (starts_q, starts_k, longest_q, longest_k, dropout, debug) == (None, None, T, T, 0.0, False)
        assert (causal, windows["window_size_right"]) == (window != 5, 0)
        assert windows["window_size_left"] == (5 if window == 5 else -1)
        return plain(q, k, v, windows["window_size_left"]), "the others are for its backward pass"

    monkeypatch.setattr(torch.ops.aten, "_flash_attention_forward", forward)
    assert torch.allclose(backends.flash(*some(), window), plain(*some(), window), atol=1e-5)


def test_the_operator_and_its_backward_pass_take_these_arguments() -> None:
    """Shapes alone, which is all that a CPU knows of it."""
    q, k, v = some(torch.bfloat16, "meta")
    for window in (-1, 5):
        out = backends.flash(q.requires_grad_(), k, v, window)
        assert (out.shape, out.dtype) == (q.shape, q.dtype)
        (gradient,) = torch.autograd.grad(out.sum(), q)
        assert gradient.shape == q.shape


def test_packages_stand_behind_the_operator_only_while_their_kernel_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.nn import attention as torch_s

    done: list[str] = []
    monkeypatch.setattr(torch_s, "current_flash_attention_impl", lambda: done[-1] if done and done[-1] != "own" else None)
    monkeypatch.setattr(torch_s, "restore_flash_attention_impl", lambda: done.append("own"))
    monkeypatch.setattr(torch_s, "activate_flash_attention_impl", done.append)
    for name in ("varlen", "flash3", "flash4", "varlen", "sdpa"):
        backends.activate(name)
    assert done == ["FA3", "own", "FA4", "own"]


def test_a_package_that_is_not_installed_is_an_error_of_its_rung() -> None:
    for name, package in (("flash3", "flash_attn_interface"), ("flash4", "flash_attn")):
        if importlib.util.find_spec(package) is None:
            with pytest.raises(ImportError):
                backends.activate(name)


@pytest.mark.parametrize("window", [-1, 5])
def test_varlen_is_given_each_row_as_a_document(monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    def varlen_attn(q, k, v, starts_q, starts_k, longest_q, longest_k, *, window_size):
        assert starts_q.tolist() == starts_k.tolist() == [0, T, 2 * T]
        assert (starts_q.dtype, longest_q, longest_k, window_size[1]) == (torch.int32, T, T, 0)
        rows = [x.tensor_split(starts_q[1:-1].tolist()) for x in (q, k, v)]
        return torch.cat([plain(*(x[None] for x in row), window_size[0])[0] for row in zip(*rows, strict=True)])

    stand_in(monkeypatch, "torch.nn.attention.varlen", varlen_attn=varlen_attn)
    assert torch.allclose(backends.varlen(*some(), window), plain(*some(), window), atol=1e-5)
