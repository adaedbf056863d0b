"""`org init`: make a lab of this or another repository."""

import shlex
from pathlib import Path

import click

import org
from org.lab import scaffold
from org.lab.scaffold import Made
from org.model.errors import UsageError
from org.model.names import part


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), default=Path("."))
@click.option("--profile", type=click.Choice(scaffold.PROFILES), default="laptop", show_default=True, help="The machine.")
@click.option("--task", type=click.Choice(scaffold.TASKS), default="trainer", show_default=True, help="What a run is.")
@click.option("--out", "name", metavar="NAME", default="config.yaml", show_default=True, help="The config's file name in DIR.")
def command(folder: Path, profile: str, task: str, name: str) -> None:
    """Write the config, roles and prompts of a lab into the repository DIR (trainer: the shared trainer too).

    What is there stays as it is; nothing is committed. Prints what it wrote and what to type next.
    """
    if not part("a config", name).endswith((".yaml", ".yml")):
        raise UsageError(f"--out {name}: a config's name ends with .yaml")
    root = folder.absolute()
    scaffold.require_top(root)
    made = scaffold.scaffold(root, scaffold.shipped(Path(org.__file__).parent), profile, task, name)
    for line in (*_told(made, profile, task, name), "", "next:", *_next(root, made, name)):
        click.echo(line)


def _told(made: Made, profile: str, task: str, name: str) -> list[str]:
    lines = [f"· wrote {name} (profile {profile}, task {task})"]
    rest = [path for path in made.wrote if path != name]
    for top in dict.fromkeys(path.partition("/")[0] for path in rest):
        count = sum(path.partition("/")[0] == top for path in rest)
        lines.append(f"· wrote {top}/ ({count} file{'s' if count > 1 else ''})")
    if made.added:
        lines.append(f"· added to .gitignore: {'  '.join(made.added)}")
    if made.kept:
        shown = ", ".join(made.kept[:4]) + (f" and {len(made.kept) - 4} more" if len(made.kept) > 4 else "")
        lines.append(f"· kept as it was: {shown}")
    return lines


def _next(root: Path, made: Made, name: str) -> list[str]:
    """What a person types now; the lab roots at a commit, so theirs comes first."""
    paths = dict.fromkeys(path.partition("/")[0] for path in made.wrote)
    added = [*(name if path == name else f"{path}/README.md" if path in scaffold.FOLDERS else path for path in paths)]
    config = "" if name == "config.yaml" else f" --config {name}"
    lines = [f"cd {shlex.quote(str(root))}"] if root != Path.cwd() else []
    if not (root / ".git").exists():
        lines.append("git init -b main")
    lines.append(f"git add {' '.join([*added, *(['.gitignore'] if made.added else [])])}")
    lines += ["git commit -m 'A lab'", f"org{config} doctor", f"org start{config}"]
    return [f"  {line}" for line in lines]
