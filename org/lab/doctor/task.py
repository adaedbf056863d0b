"""The task's program, and what its Python can import. Asked of that Python in a process of its own."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from org.lab import guards
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.runs import environment

SECONDS = 120.0
OLDEST, BELOW = (2, 6), (2, 14)  # as pyproject.toml bounds it
INSTALL = "pip install 'research-org[trainer]' (without a GPU: with the index of PyTorch's CPU wheels)"
ASK = """
import importlib.metadata, importlib.util, json
def version(name):
    try: return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError: return None
said = {name: version(name) for name in ("torch", "rustbpe", "tiktoken")}
said["attention"] = [n for n in ("flash_attn_interface", "flash_attn") if importlib.util.find_spec(n)]
if WITH_CUDA and said["torch"]:
    import torch
    said |= {"cuda": torch.version.cuda, "sees": torch.cuda.device_count()}
print(json.dumps(said))
"""


def examine(subject: Subject) -> Iterator[Finding]:
    """Programs first; torch where the task is the shared trainer."""
    if subject.config is None:
        return
    task = subject.config.task
    for key in ("command", "prepare", "evaluate", "fingerprint", "epochs"):
        template = getattr(task, key)
        program = first_program(template) if template else None
        if program is not None and shutil.which(program, path=subject.path) is None:
            says = f"`{program}` is not a program of this machine"
            yield problem(f"task.{key}", says, f"install {program}, or correct task.{key}")
    for guard in guards.small_pools(subject.config):
        yield warning("task", guard.why, guard.mend)
    if re.search(r"\{python\}.* -m trainer\b", task.command):
        on_gpu = any(device.kind == "cuda" for device in subject.devices())
        said = _ask(subject.python, subject.environ, with_cuda=on_gpu)
        yield from judge(said, [gpu.model for gpu in subject.cards.gpus] if on_gpu else [])


def first_program(template: str) -> str | None:
    """The program that a command of the task starts; None when a placeholder names it."""
    words = [word for word in shlex.split(template) if word != "env" and not re.match(r"\w+=", word)]
    return words[0] if words and "{" not in words[0] else None


def judge(said: Mapping[str, Any], cards: Sequence[str]) -> Iterator[Finding]:
    """What the task's Python said of itself. cards: models of the GPUs that runs will be on; none on a CPU."""
    torch = said.get("torch")
    missing = [name for name in ("torch", "rustbpe", "tiktoken") if not said.get(name)]
    if missing:
        yield problem("task", f"its Python lacks {', '.join(missing)}", INSTALL)
        return
    version = tuple(int(part) for part in re.findall(r"\d+", str(torch))[:2])
    if not OLDEST <= version < BELOW:
        yield warning("torch", f"{torch} is outside of what was tested (2.6 to 2.13)", INSTALL)
    elif not cards:
        yield ok("torch", f"{torch}")
    if not cards:
        return
    if not said.get("cuda"):
        says = f"{torch} has no CUDA, and {len(cards)} GPUs are to be used"
        yield problem("torch", says, "pip install --force-reinstall torch (a CUDA wheel)")
    elif said.get("sees", 0) < len(cards):
        says = f"{torch} (CUDA {said['cuda']}) sees {said.get('sees', 0)} of {len(cards)} GPUs"
        yield problem("torch", says, "the driver may be too old for this CUDA: compare `nvidia-smi`; unset CUDA_VISIBLE_DEVICES")
    elif OLDEST <= version < BELOW:
        yield ok("torch", f"{torch}, CUDA {said['cuda']}, sees {said['sees']} GPUs")
    hopper = any(word in model for model in cards for word in ("H100", "H200", "GH200"))
    if hopper and "flash_attn_interface" not in said.get("attention", ()):
        says = "FlashAttention 3 is not installed: attention takes torch's own kernels, which are slower on this card"
        yield warning("attention", says, "build flash-attn's hopper/ folder for this Python; nothing else changes")


def _ask(python: str, environ: Mapping[str, str], *, with_cuda: bool) -> dict[str, Any]:
    kept = {name: environ[name] for name in environment.KEPT if name in environ}
    code = f"WITH_CUDA = {with_cuda}\n{ASK}"
    done = subprocess.run(
        [python, "-P", "-c", code], env=kept, capture_output=True, text=True, timeout=SECONDS, check=False, cwd="/",
        stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise subprocess.SubprocessError(f"{python} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told
