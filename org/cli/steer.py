"""`org steer`: direct a program or an agent; without words, list what is in force."""

import click

from org.cli import context
from org.comms.figures import quoted
from org.lab.guiding import steering
from org.model.direction import Direction
from org.store import steering as stored


@click.command()
@click.argument("target", metavar="[PROGRAM|AGENT|all]", required=False)
@click.argument("text", required=False)
@click.option("--add", is_flag=True, help="Beside what is in force for the target, instead of in its place.")
@click.option("--lift", is_flag=True, help="Take back what is in force for the target.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, target: str | None, text: str | None, add: bool, lift: bool, as_json: bool) -> None:
    """Direct a program, an agent or all. Its agents and the chief get a letter; it stands in `org brief` until it is lifted,
    replaced by the next one, or answered."""
    lab, now = context.lab(ctx), context.now()
    if target is not None and lift:
        gone = steering.lift(lab, target, context.actor(), now)
        context.emit(gone, as_json, lambda: f"lifted: {'; '.join(d.text for d in gone)}")
    elif target is not None and text is not None:
        given, replaced = steering.steer(lab, target, text, context.actor(), now, add)
        context.emit({"given": given, "replaced": replaced}, as_json, lambda: _given(given, replaced))
    else:
        found = stored.standing(lab.ledger.reader, *([target] if target else []))
        context.emit(found, as_json, lambda: "\n\n".join(map(_standing, found)) or "no direction is in force")


def _given(given: Direction, replaced: list[Direction]) -> str:
    lines = [f"told {', '.join(given.letters) or 'nobody: no agent is on it, and there is no chief'}"]
    lines += [f"it replaces: {d.text}  (`--add` would have kept it)" for d in replaced]
    return "\n".join([*lines, f"next: `org steer {given.target}` shows who has answered"])


def _standing(given: Direction) -> str:
    answered = ", ".join(sorted(given.answered)) or "nobody"
    return f"{given.id} to {given.target}, {given.at:%m-%d %H:%M} UTC, answered by {answered}\n{quoted(given.text)}"
