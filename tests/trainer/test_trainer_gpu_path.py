"""What a GPU run goes through, as far as a CPU can tell: compiling, number formats, memory, utilization, a lack of memory."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from trainer import backends, compiling, loss, model, shards
from trainer import recipe as recipes
from trainer.measure import failures, flops, machine, seeds, utilization
from trainer.step import TrainStep

VOCAB = 300
ROOT = Path(__file__).parents[2]


def built(dtype: torch.dtype = torch.float32, **changes: Any) -> model.GPT:
    found = model.build(recipes.Recipe(**recipes.load().values() | changes), depth=2, vocab=VOCAB, dtype=dtype)
    found.initialize(lambda name: seeds.parameter(1, name))
    return found


def batch(rows: int = 4, T: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    tokens = torch.randint(0, VOCAB, (rows, T + 1), generator=torch.Generator().manual_seed(1))
    return tokens[:, :-1], tokens[:, 1:]


class Watched(TorchDispatchMode):
    """Notes the result of every operation."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[tuple[str, torch.Tensor]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        for one in out if isinstance(out, tuple | list) else [out]:
            if isinstance(one, torch.Tensor):
                self.results.append((str(function), one))
        return out


def test_the_loss_compiles_as_one_graph_once_with_the_same_gradients() -> None:
    """By the tracer alone, without generating code: that takes minutes on a CPU. What generates it fuses neighbours, but a
    scatter puts what it writes into memory first, and angles would be reckoned anew for each number that they turn."""
    from functorch.compile import make_boxed_func
    from torch._dynamo.backends.common import aot_autograd

    graphs: list[set[str]] = []

    def noting(graph: torch.fx.GraphModule, inputs: list[Any]) -> Any:
        graphs.append({str(node.target) for node in graph.graph.nodes if node.op == "call_function"})
        return make_boxed_func(graph.forward)

    def one_graph(function: compiling.Loss) -> compiling.Loss:
        return torch.compile(function, backend=aot_autograd(fw_compiler=noting), dynamic=False, fullgraph=True)

    eager, traced = built(), built(compile="always")
    inputs, targets = batch()
    targets = targets.masked_fill(inputs % 7 == 0, -1)
    eager.loss(inputs, targets).backward()
    step = TrainStep(traced, traced.recipe)
    assert step.prepare(inputs, targets, one_graph) == compiling.COMPILED
    step._loss(inputs, targets).backward()
    for (name, ours), theirs in zip(traced.named_parameters(), eager.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5), name
    traced.zero_grad(set_to_none=True)
    for progress in (0.0, 0.4, 0.7):
        step(inputs, targets, progress)
    assert len(graphs) == 2, "forward and backward, whatever the schedule says"
    slow = {"aten.scatter.src", "aten.scatter_add.default", "aten.cos.default", "aten.sin.default", "aten.pow.Scalar"}
    assert not slow & (graphs[0] | graphs[1])


@pytest.mark.parametrize("cap", [0.0, 15.0])
def test_what_a_compiler_is_given_of_the_loss_equals_what_runs_without_one(cap: float) -> None:
    z = 20 * torch.randn(50, 40, generator=torch.Generator().manual_seed(1))
    targets = torch.arange(50) % 41 - 1
    for ours, theirs in zip(loss._fusible_row_losses(z, targets, cap), loss._row_losses(z.clone(), targets, cap), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_a_compiler_that_fails_leaves_the_loss_as_it_is_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(function: compiling.Loss) -> compiling.Loss:
        raise RuntimeError("no C++ compiler\nfound")

    one = built()
    assert compiling.prepared(one.loss, [batch()], "always", broken) == (one.loss, compiling.EAGER)
    assert "the loss stays eager: RuntimeError: no C++ compiler found" in capsys.readouterr().out


def test_a_lack_of_memory_while_compiling_is_no_broken_compiler() -> None:
    def full(function: compiling.Loss) -> compiling.Loss:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(torch.OutOfMemoryError):
        compiling.prepared(built().loss, [batch()], "always", full)


def test_a_cpu_compiles_only_when_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    def never(function: compiling.Loss) -> compiling.Loss:
        raise AssertionError("it was compiled")

    for choice in ("never", "cuda"):
        assert compiling.prepared(built().loss, [batch()], choice, never)[1] == compiling.EAGER
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="compile: sometimes is none of never, cuda, always"):
        compiling.prepared(built().loss, [batch()], "sometimes", never)


def test_preparing_moves_no_parameter_and_leaves_no_gradient() -> None:
    one, sizes = built(compile="always", micro_batch_tokens=192), []
    step, start = TrainStep(one, one.recipe), {name: value.clone() for name, value in one.state_dict().items()}

    def noting(function: compiling.Loss) -> compiling.Loss:
        return lambda x, y: (sizes.append(len(x)), function(x, y))[1]

    assert step.prepare(*batch(), noting) == compiling.COMPILED
    assert sizes == [3, 1], "each size that a micro-batch can have is compiled once"
    assert all(parameter.grad is None for parameter in one.parameters())
    assert all(torch.equal(value, start[name]) for name, value in one.state_dict().items())
    step(*batch(), 0.0)
    assert sizes == [3, 1, 3, 1], "what was compiled is what trains"
    assert not torch.equal(start["head.weight"], one.state_dict()["head.weight"])


def test_computation_is_bfloat16_and_masters_are_float32() -> None:
    one = built(torch.bfloat16)
    with Watched() as seen:
        TrainStep(one, one.recipe)(*batch(), 0.0)
    products = {result.dtype for name, result in seen.results if name.startswith(("aten.mm", "aten.bmm", "aten.addmm"))}
    assert products == {torch.bfloat16}
    assert {value.dtype for value in one.state_dict().values()} == {torch.float32}


def test_bfloat16_loses_little_of_the_loss_and_its_gradient() -> None:
    one, half = built(), built(torch.bfloat16)
    losses = [found.loss(*batch()) for found in (one, half)]
    for value in losses:
        value.backward()
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=1e-2)
    for (name, exact), rounded in zip(one.named_parameters(), half.parameters(), strict=True):
        if exact.grad.norm() > 1e-3:  # at the start nothing reaches the layers: their output projections are zero
            assert F.cosine_similarity(exact.grad.flatten(), rounded.grad.flatten(), dim=0) > 0.98, name


def test_the_loss_never_holds_the_logits_of_the_whole_batch() -> None:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(1024, 16, generator=draw).bfloat16().requires_grad_()
    weight = torch.randn(2000, 16, generator=draw).requires_grad_()
    targets = torch.randint(0, 2000, (1024,), generator=draw)
    with Watched() as seen:
        ours = loss.capped_cross_entropy(x, weight, targets, 15.0)
        ours.backward()
    assert max(result.numel() for _, result in seen.results) <= 1024 * 2000 // 8
    theirs = F.cross_entropy(loss.softcapped(x.float() @ weight.T, 15.0), targets, reduction="sum")
    assert ours.item() == pytest.approx(theirs.item(), rel=2e-3)


def test_flops_are_counted_without_memory_and_are_those_of_a_real_step() -> None:
    recipe, counts = recipes.load(), {}
    for device in ("meta", "cpu"):
        with torch.device(device):
            one = model.build(recipe, depth=2, vocab=VOCAB, dtype=torch.bfloat16)
        tokens = torch.zeros((4, 64), dtype=torch.int64, device=device)
        with shards.alone():
            counts[device] = flops.of_step(lambda one=one, tokens=tokens: TrainStep(one, recipe)(tokens, tokens, 0.0))
    assert counts["meta"] == counts["cpu"] > 0


@pytest.mark.parametrize("window", [-1, 16])
def test_attention_costs_the_same_whatever_kernel_computes_it(window: int) -> None:
    """Kernels for GPUs reckon scores twice; were that counted, a run's last step would cost more than the first count."""
    pytest.importorskip("torch.nn.attention.varlen")

    def cost(attend: backends.Attend) -> int:
        q, k, v = torch.empty(3, 2, 128, 2, 64, dtype=torch.bfloat16, device="meta").requires_grad_().unbind(0)
        return flops.of_step(lambda: attend(q, k, v, window).sum().backward())

    assert cost(backends.varlen) == cost(backends.sdpa) > 0


def test_code_that_needs_values_is_counted_on_the_device() -> None:
    def count(device: torch.device) -> int:
        return int(torch.ones(3, device=device).sum().item())

    assert flops.on_shapes_or_on(torch.device("cpu"), count) == 3
    with pytest.raises(ZeroDivisionError):
        flops.on_shapes_or_on(torch.device("cpu"), lambda device: 1 // 0)


def test_utilization_is_that_of_the_closed_form_in_each_convention() -> None:
    recipe, T, depth = recipes.load(), 128, 2

    def of_row(length: int) -> int:
        with torch.device("meta"):
            one = model.build(recipe, depth=depth, vocab=VOCAB, dtype=torch.bfloat16)
            tokens = torch.zeros((1, length), dtype=torch.int64)
        return flops.of_step(lambda: one.loss(tokens, tokens).backward())

    found = utilization.counted(of_row, T)
    one = built()
    matrices = one.head.weight.numel() + sum(parameter.numel() for parameter in one.blocks.parameters())
    assert found.attention == 12 * depth * one.width * T
    assert found.rest == pytest.approx(6 * matrices, rel=0.01)
    used = utilization.of(found, 1e6, "NVIDIA H100 80GB HBM3", 0.75)
    assert used["mfu"] == pytest.approx(1e6 * (found.rest + found.attention) / 9.89e14)
    assert used["mfu"] - used["mfu_causal"] == pytest.approx(1e6 * found.attention / 2 / 9.89e14)
    assert used["mfu"] - used["mfu_windows"] == pytest.approx(1e6 * found.attention / 4 / 9.89e14)
    for unknown in (utilization.of(found, 1e6, "a CPU", 1.0), utilization.of(None, 1e6, "NVIDIA H100", 1.0)):
        assert unknown == {"mfu": None, "mfu_windows": None, "mfu_causal": None}
    assert utilization.of(found, 1e6, "NVIDIA H100", None)["mfu_windows"] is None
    assert utilization.of(found, 1e6, "NVIDIA H100", 0.0)["mfu_windows"] > 0
    assert utilization.seen([64, -1], 128) == 0.75
    assert utilization.seen(None, 128) is None
    assert utilization.peak("NVIDIA H100 PCIe") < utilization.peak("NVIDIA H100 80GB HBM3")


@pytest.mark.parametrize(
    ("error", "micro", "way_out"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), 65536, "set micro_batch_tokens to 1024 in"),
        (torch.OutOfMemoryError("CUDA out of memory."), 512, "set micro_batch_tokens to 256 in the recipe (512 are computed"),
        (torch.OutOfMemoryError("CUDA out of memory."), 128, "lower sequence_length, --depth or aspect"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 2048, "set micro_batch_tokens to 1024 in"),
        (MemoryError(), 2048, "out of memory: no memory left; set micro_batch_tokens"),
    ],
)
def test_a_lack_of_memory_names_the_setting_to_lower(error: Exception, micro: int, way_out: str) -> None:
    recipe = recipes.Recipe(**recipes.load().values() | {"micro_batch_tokens": micro})
    told = failures.out_of_memory(error, lambda: recipe, ranks=1)
    assert told is not None
    assert way_out in told
    assert "\n" not in told
    assert failures.out_of_memory(ValueError("anything else"), lambda: 1 // 0, ranks=1) is None
    assert "; lower micro_batch_tokens in the recipe" in str(failures.out_of_memory(error, lambda: 1 // 0, ranks=1))


def test_a_run_that_lacks_memory_ends_with_that_line(snapshot, data: Path, tiny: Path, tmp_path: Path) -> None:
    snapshot.edit("step.py", "        losses = []\n", '        raise torch.OutOfMemoryError("CUDA out of memory. Tried to")\n')
    run = tmp_path / "run"
    done = snapshot.run(
        "train", "--seed", "1", "--budget", "2step", "--depth", "1", "--data", data, "--out", run, "--recipe", tiny
    )
    assert done.returncode == 3
    assert done.stderr == (
        "trainer: out of memory: CUDA out of memory; set micro_batch_tokens to 256 in the recipe (512 are computed at once); "
        "the result stays the same\n"
    )
    assert json.loads((run / "train.json").read_text())["reason"] in done.stderr


def test_a_smaller_micro_batch_is_the_same_step() -> None:
    """What the line about memory promises, in float32."""
    moved = []
    for micro in (64, 65536):
        one = built(micro_batch_tokens=micro, adam_eps=1e-3)
        TrainStep(one, one.recipe)(*batch(), 0.0)
        moved.append(one.state_dict())
    for name, value in moved[0].items():
        assert torch.allclose(value, moved[1][name], rtol=1e-4, atol=1e-5), name


@pytest.mark.slow
def test_a_run_on_a_pretended_gpu_ends_well(data: Path, tiny: Path, tmp_path: Path) -> None:
    """All that a run asks of torch.cuda around its kernels. test_trainer_machine.py tells in part of it, sooner."""
    asked = ("--seed", "1", "--budget", "3step", "--depth", "1", "--device", "cuda", "--recipe", tiny)
    command = [
        sys.executable,
        Path(__file__).with_name("pretended_gpu.py"),
        "train",
        *asked,
        "--data",
        data,
        "--out",
        tmp_path / "run",
    ]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = kept | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1", "DATA": str(data)}
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "run" / "train.json").read_text())
    assert (record["device"], record["dtype"], record["device_seconds"]) == ("cuda:0", "bfloat16", pytest.approx(0.015))
    assert (record["outside"], record["tampering"], record["peak_memory_mb"]) == ([], [], 1024)
    assert 0 < record["mfu_causal"] < record["mfu"] == record["mfu_windows"]
    assert "flash3 did not work: ModuleNotFoundError" in done.stdout


def test_compiled_kernels_are_kept_in_one_place_for_all_runs() -> None:
    for environ, folder in (({"HOME": "/h"}, "/h/.cache/trainer"), ({"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/trainer")):
        machine.quiet(environ)
        assert environ["TORCHINDUCTOR_CACHE_DIR"] == f"{folder}/inductor"
        assert environ["TRITON_CACHE_DIR"] == f"{folder}/triton"
        assert machine.compiled_folders(environ) == [f"{folder}/inductor", f"{folder}/triton", f"{folder}/flash"]
        assert environ["TORCHINDUCTOR_AUTOGRAD_CACHE_ALLOW_CUSTOM_AUTOGRAD"] == "1"
    given = {"TORCHINDUCTOR_CACHE_DIR": "/mine"}
    machine.quiet(given)
    assert given["TORCHINDUCTOR_CACHE_DIR"] == "/mine"


def test_the_stopwatch_adds_up_what_is_inside_it() -> None:
    watch = machine.Stopwatch(torch.device("cpu"))
    with watch:
        pass
    first = watch.seconds
    with watch:
        sum(range(1000))
    assert 0 < first < watch.seconds
