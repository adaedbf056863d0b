"""The one stand-in of these tests: an `org` program that records its calls and does the least that each verb promises.

FAKE_ORG names a folder: calls.jsonl grows by a line a call; refuse.json maps a verb to the reason it is refused with.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from org.model.experiment import Claim, Experiment, State
from org.store import experiments, ledger
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS

HOME = Path(os.environ["FAKE_ORG"])


def main(arguments: list[str]) -> int:
    with (HOME / "calls.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"agent": os.environ.get("ORG_AGENT"), "args": arguments}) + "\n")
    refuse = HOME / "refuse.json"
    reasons = json.loads(refuse.read_text()) if refuse.exists() else {}
    if arguments[0] in reasons:
        print(f"Error: {reasons[arguments[0]]}", file=sys.stderr)
        return 1
    return {"next": next_, "propose": propose}.get(arguments[0], lambda _: 0)(arguments[1:])


def next_(_: list[str]) -> int:
    book = ledger.open_existing(HOME / "comms" / "ledger.db")
    agent = AGENTS.get(book.reader, os.environ["ORG_AGENT"])
    head = PROGRAMS.get(book.reader, agent.program).head_commit
    if git("status", "--porcelain", "--untracked-files=no"):
        print("Error: uncommitted changes: trainer/recipe.yaml", file=sys.stderr)
        return 1
    branch = f"try-{datetime.now(UTC):%H%M%S%f}"
    git("switch", "--quiet", "-c", branch, str(head))
    with book.transaction() as tx:
        AGENTS.update(tx, agent.name, branch=branch, branch_base=head)
    return 0


def propose(arguments: list[str]) -> int:
    said = {arguments[i]: arguments[i + 1] for i in range(0, len(arguments) - 1, 2)}
    book = ledger.open_existing(HOME / "comms" / "ledger.db")
    agent = AGENTS.get(book.reader, os.environ["ORG_AGENT"])
    if len(experiments.open_of(book.reader, agent.name)) >= 2:
        print("Error: two experiments are open", file=sys.stderr)
        return 1
    base = PROGRAMS.get(book.reader, agent.program).head_commit or ""
    tip = git("rev-parse", "HEAD")
    with book.transaction() as tx:
        name = EXPERIMENTS.next_name(tx, "E")
        EXPERIMENTS.insert(
            tx,
            Experiment(
                name, agent.program or "", agent.name, State.PROPOSED, Claim(said["--claim"]), 0.0, said["--subject"],
                said["--because"], said["--predict"], base, tip, base, tip, datetime.now(UTC),
            ),
        )  # fmt: skip
    print(json.dumps({"experiment": name, "state": "proposed"}, indent=1))
    return 0


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
