"""`org stack`: what the programs merged, measured together and brought into the lab's head."""

import click

from org.cli import context
from org.comms.figures import gain, plural
from org.lab.merging import stacks
from org.lab.merging.stacks import Standing
from org.model.study import State, Study


@click.command()
@click.argument("programs", nargs=-1)
@click.option("--why", default="", help="Kept in the ledger and in the commit's study.")
@click.option("--list", "show", is_flag=True, help="What is in the lab's head, what waits, and what each stack gained.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, programs: tuple[str, ...], why: str, show: bool, as_json: bool) -> None:
    """Measure what PROGRAMS (default: all) merged as one change of the lab's head; it enters when it is better.

    The lab does this by itself at every 4th merge of a program and when one closes. Gains do not add up: what the stack
    gains is the only gain that is reported of what is in it.
    """
    lab = context.lab(ctx)
    if show or as_json:
        found = stacks.standing(lab, lab.ledger.reader)
        context.emit(found, as_json, lambda: _page(found))
        return
    context.request(lab, "stack", programs=list(programs), why=why)


def _page(found: Standing) -> str:
    parts = [
        f"the lab's head is {found.head[:10]}: " + (f"{plural(len(found.inside), 'merge')} in it" if found.inside else "its root")
    ]
    if found.stacks:
        head = ("", "members", "together", "shrunk", "sum of parts", "P(no gain)", "what came of it")
        parts.append(context.columns([_row(study) for study in found.stacks], head))
    parts += [f"{found.next.id} runs: {found.next.subject}"] if found.next else []
    parts += [f"asked for next: {asked}" for asked in found.asked]
    waiting = [f"{slug}: {', '.join(ids)}" for slug, ids in found.waiting.items()]
    parts += ["not in it: " + "; ".join(waiting) + "\nnext: `org stack` measures them together"] if waiting else []
    return "\n\n".join(parts)


def _row(study: Study) -> tuple[object, ...]:
    told = study.outcome
    if study.state is not State.DONE:
        return study.id, study.subject, "–", "–", "–", "–", f"{study.state.value}: {study.reason}"
    return (
        study.id, ", ".join(told["members"]), gain(told["gain"]), gain(told["shrunk_gain"]), gain(told["expected"]),
        f"{told['p_not_positive']:.2g}", "in the lab's head" if told["taken"] else study.reason,
    )  # fmt: skip
