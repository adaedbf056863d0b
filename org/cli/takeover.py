"""`org takeover`: take an agent's pane over."""

import click

from org import bootstrap
from org.cli import context
from org.store.tables import AGENTS


@click.command()
@click.argument("agent", required=False)
@click.option("--shell", is_flag=True, help="Open a shell in the agent's worktree; commits there are signed as yours.")
@click.option("--note", default="", help="Why; kept in the ledger.")
@click.pass_context
def command(ctx: click.Context, agent: str | None, shell: bool, note: str) -> None:
    """Take an agent's pane over: its mail, nudges and proposals are held until `org handback`."""
    lab = context.lab(ctx)
    name = AGENTS.get(lab.ledger.reader, context.agent_or_fail(agent)).name
    context.request(lab, "takeover", agent=name, note=note)
    grid = bootstrap.grid(lab)
    if not grid.alive():
        return
    if shell:
        signed = f"human via {name}"
        env = {
            **bootstrap.pane_environment(lab, name), "ORG_HUMAN": "1", "GIT_AUTHOR_NAME": signed, "GIT_COMMITTER_NAME": signed,
        }  # fmt: skip
        grid.split_shell(name, lab.layout.worktree(name), env)
        click.echo(f'a shell is open beside {name}\'s pane; commits there are signed "{signed}"')
    grid.select(name)
