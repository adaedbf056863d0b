"""`org adopt`: merged changes as patches with their evidence."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from org.cli import context
from org.comms.figures import plural
from org.lab import adopt
from org.lab.adopt import Patch, Target


@click.command()
@click.argument("experiment", required=False)
@click.option("--to", "other", type=click.Path(path_type=Path), help="Another repository: say which patches apply to it.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write them (default: comms/adopted/DAY).")
@context.json_option
@click.pass_context
def command(ctx: click.Context, experiment: str | None, other: Path | None, out: Path | None, as_json: bool) -> None:
    """Write one patch per merged change (without EXPERIMENT: all of them, stacked), its evidence as the commit message, and
    print what to type to take them. Nobody's branch or index is written."""
    lab = context.lab(ctx)
    found = adopt.series(lab, experiment)
    target = adopt.target(other.absolute()) if other is not None else None
    tried = adopt.at(found, target) if target is not None else adopt.at_root(lab, found)
    folder = out.absolute() if out is not None else adopt.folder_of(lab, found, context.now())
    written = adopt.write(tried, folder)
    values = [
        {"experiment": p.experiment, "file": str(path), "paths": p.paths, "applies": p.applies, "why": p.why}
        for p, path in zip(tried, written, strict=True)
    ]
    context.emit(values, as_json, lambda: _page(tried, written, target))


def _page(found: Sequence[Patch], written: Sequence[Path], target: Target | None) -> str:
    on = str(target.top) if target is not None else "the lab's root"
    rows = [(p.name, "applies" if p.applies else f"does not apply: {p.why}") for p in found]
    lines = [f"{plural(len(found), 'patch').replace('patchs', 'patches')} in {written[0].parent}, tried on {on}:"]
    lines += [f"  {line}" for line in context.columns(rows).splitlines()]
    fitting = [path for patch, path in zip(found, written, strict=True) if patch.applies]
    if not fitting:
        return "\n".join([*lines, "none applies as it is; read them, and carry the idea over by hand"])
    if target is None:
        return "\n".join([*lines, "which apply to a repository of yours: org adopt --to DIR", "", *_commands(None, fitting)])
    if target.dirty:
        lines.append(f"{on} has changes that are not committed ({', '.join(target.dirty[:3])}); `git am` wants none")
    return "\n".join([*lines, "", "type:", *_commands(target, fitting)])


def _commands(target: Target | None, files: Sequence[Path]) -> list[str]:
    """What a person types; a branch of their own first."""
    where = shlex.quote(str(target.top)) if target is not None else "DIR"
    listed = " ".join(shlex.quote(str(file)) for file in files)
    if target is not None and not target.commit:
        return [f"  cd {where}", f"  git apply {listed}"]
    return [f"  git -C {where} switch -c adopted", f"  git -C {where} am {listed}"]
