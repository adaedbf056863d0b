"""Training FLOPs, counted on one eager step of a throwaway model that has shapes and no memory, where its code allows.

Attention runs on the math backend while it counts; there every key is counted, visible or not. The closed form is what a test
checks it against.

Fused kernels of attention go back in five products where the plain computation has four: they make the scores anew. That is
what they do, not what a model asks for, and a step counts the same whatever its attention runs on.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

RECOMPUTING = frozenset((
    "_flash_attention_backward", "_efficient_attention_backward", "_varlen_attn_backward",
    "_scaled_dot_product_flash_attention_backward", "_scaled_dot_product_efficient_attention_backward",
    "_scaled_dot_product_cudnn_attention_backward",
))  # fmt: skip
# torch has no formula for what attends on a CPU, which multiplies what it does elsewhere.
ELSEWHERE = MappingProxyType({
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: torch.ops.aten._scaled_dot_product_flash_attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward:
        torch.ops.aten._scaled_dot_product_flash_attention_backward,
})  # fmt: skip


class Counter(TorchDispatchMode):
    """torch's FlopCounterMode less its import of torch._dynamo, most of a second a run: same formulas, same sum, but for
    attention that is RECOMPUTING its scores, or on a CPU."""

    total = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        operation = ELSEWHERE.get(func._overloadpacket, func._overloadpacket)
        if formula := flop_registry.get(operation):
            flops = formula(*args, **(kwargs or {}), out_val=out)
            self.total += flops * 4 // 5 if operation.__name__ in RECOMPUTING else flops
        return out


def of_step(step: Callable[[], object]) -> int:
    """FLOPs of one call of `step`: forward, backward and optimizer, a multiply-add being two."""
    with Counter() as counter, sdpa_kernel(SDPBackend.MATH):
        step()
    return int(counter.total)


def on_shapes_or_on(device: torch.device, count: Callable[[torch.device], int]) -> int:
    """`count` on the meta device, which takes neither time nor memory; on `device` where the model's code cannot run there."""
    try:
        return count(torch.device("meta"))
    except Exception:  # it reads a value, or has a kernel without shapes: whatever is really wrong with it is raised below
        return count(device)


def closed_form(*, matrix_parameters: int, layers: int, width: int, T: int, tokens: int) -> int:
    """Forward and backward of a decoder: 6 per matrix parameter and token, plus scores and values of all T keys.

    matrix_parameters: those that multiply activations (head included, embeddings not). The optimizer is not in it.
    Source: Kaplan et al. 2020, arXiv 2001.08361, appendix B, with full instead of averaged context.
    """
    return tokens * (6 * matrix_parameters + 12 * layers * width * T)
