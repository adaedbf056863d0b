"""Why a run failed, in one line that a person can act on."""

from collections.abc import Callable

import torch
import torch.distributed as dist

from trainer.recipe import Recipe

_NO_HOST_MEMORY = "can't allocate memory"  # torch's allocator for the CPU raises a plain RuntimeError
_BROKEN_EXCHANGE = ("gloo", "nccl", "connection closed by peer", "connection reset")


def out_of_memory(error: BaseException, recipe: Callable[[], Recipe], ranks: int) -> str | None:
    """The line for an error that is a lack of memory, with the setting to lower; None for any other error, for which `recipe`
    is not asked."""
    if not isinstance(error, torch.OutOfMemoryError | MemoryError) and _NO_HOST_MEMORY not in str(error):
        return None
    asked = str(error).partition(". ")[0] or "no memory left"
    return f"out of memory: {' '.join(asked.split())}; {_way_out(recipe, ranks)}"


def _way_out(asked: Callable[[], Recipe], ranks: int) -> str:
    try:
        recipe = asked()
    except Exception:  # it is derived by code that may be edited, and may be what lacks the memory
        return "lower micro_batch_tokens in the recipe; the result stays the same"
    at_once = min(recipe.micro_batch_tokens, recipe.batch_tokens // ranks)
    half = at_once // 2
    if half >= recipe.sequence_length:
        return f"set micro_batch_tokens to {half} in the recipe ({at_once} are computed at once); the result stays the same"
    return "one row is computed at once already: lower sequence_length, --depth or aspect"


def lost_rank(error: BaseException) -> str | None:
    """The line for an error that means another rank is gone; None for any other error."""
    words = str(error).lower()
    if not isinstance(error, dist.DistError) and not any(word in words for word in _BROKEN_EXCHANGE):
        return None
    return "another rank ended without a word: killed, or the machine ran out of memory; its own output may say more"
