"""When and how a person is called: the `attention` section of config.yaml."""

import re
import shlex
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

On = Literal["question", "stuck", "device_idle", "budget", "drift", "finding"]
PLACES = ("lab", "on", "words")  # what {…} in the command is replaced by


def _command(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise ValueError(f"is not a command line ({error})") from None
    if not words:
        raise ValueError("name a program, or write null")
    unknown = sorted({name for name in re.findall(r"{(\w+)}", value) if name not in PLACES})
    if unknown:
        raise ValueError(f"knows no {{{unknown[0]}}}; there are {', '.join(f'{{{name}}}' for name in PLACES)}")
    return value


class AttentionConfig(BaseModel):
    """Each occurrence calls once, also over a restart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bell: bool = True  # in every terminal that is attached to the grid
    desktop: bool = True  # by notify-send or osascript; where no desktop is beside the lab, by the attached terminals (OSC 9)
    # A program of yours: {lab}, {on} and {words} are filled in, each within one argument; no shell reads them.
    command: Annotated[str, AfterValidator(_command)] | None = None
    on: tuple[On, ...] = ("question", "stuck", "device_idle", "budget", "drift", "finding")
    idle_min: float = Field(10.0, gt=0, allow_inf_nan=False)  # device_idle: without a run, and not on purpose, for so long
