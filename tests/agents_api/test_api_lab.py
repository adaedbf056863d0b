"""The whole way on a real lab: `org pane` in a terminal reads its role, edits, commits, proposes, gets its verdict by
letter and goes on. The models are scripted; the lab, git, the runs and the terminal are real."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from api_agent import KEYS
from laboratory import make
from models import ModelServer, Request, Turn, call, say, shell
from terminal_pane import Terminal

from org.agents.api import rows
from org.lab import branches
from org.store.tables import EXPERIMENTS

ORG = Path(sys.executable).parent / "org"
PROPOSE = (
    'git commit -qam "a longer step" && org propose --claim improve --subject "a longer step" '
    '--because "it moves too little" --predict "lower loss" --predicted-gain 0.01'
)


def worker(request: Request) -> Turn:
    """Edits, proposes, waits for its verdict, reads it, notes what it learned."""
    done = len([prompt for prompt in request.prompts if "mail:" in prompt])
    last = request.results[-1].text if request.results else ""
    if not request.results:
        return call("org", arguments=["inbox"]) if done else call("read", path="fit/recipe.yaml")
    if 'from="read"' in last:
        line = next(row.split("\t")[1] for row in last.splitlines() if "\tlr:" in row)
        return call("edit", path="fit/recipe.yaml", old=line, new="lr: 0.35")
    if "1 place changed" in last:
        return shell(PROPOSE)
    return say("LEARNED") if 'from="org inbox"' in last and "E1" in last else say("WAITING")


@pytest.mark.parametrize("provider", ["anthropic", pytest.param("openai", marks=pytest.mark.slow)])
def test_a_junior_on_the_api_gets_its_verdict_and_goes_on(tmp_path, provider):
    with ModelServer(worker) as server:
        url = server.url if provider == "anthropic" else server.openai_url
        entry = f"{{role: junior, backend: api, provider: {provider}, base_url: '{url}', model: m-1, count: 2}}"
        prices = "\nprices: {m-1: {input: 3, output: 15}}\n"
        lab = make(tmp_path, configure=lambda text: text.replace("{role: junior, backend: offline, count: 2}", entry) + prices)
        lab.program()
        at = lab.lab.layout
        branches.next_(lab.lab, "junior-1", datetime.now(UTC))
        at.prompt("junior-1").parent.mkdir(parents=True, exist_ok=True)
        at.prompt("junior-1").write_text("You are junior-1. Improve the fit.")
        terminal = Terminal(tmp_path, server, provider)
        identity = {f"GIT_{who}_{what}": "junior-1" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {"ORG_LAB": str(at.comms), "ORG_AGENT": "junior-1", KEYS[provider]: "k-123456789", **identity}
        environment["PATH"] = f"{ORG.parent}:/usr/local/bin:/usr/bin:/bin"
        environment["ORG_DEVICE_LOCKS"] = str(tmp_path / "locks")
        try:
            terminal.start("sh", "-c", f"cd {at.worktree('junior-1')} && exec {ORG} pane junior-1", **environment)
            terminal.until(lambda: "WAITING" in terminal.screen(), seconds=90)
            lab.until(lambda: bool(EXPERIMENTS.find(lab.lab.ledger.reader, "E1")))
            lab.until(lab.settled("E1"))
            terminal.until(lambda: lab.tick() is not None and "LEARNED" in terminal.screen())
            assert "tokens" in terminal.screen() and "$0." in terminal.screen()
        finally:
            terminal.close()
        told = rows.read(at.hooks("junior-1"))[0]
        assert sum("usage" in row for row in told) == len(server.turns()) and server.strays == []
