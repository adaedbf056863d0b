"""`make demo`: the same lab on a root that was weakened on purpose, until a merge and a standup are there.

In a terminal the grid opens at once and the standup opens in it at the end; elsewhere the progress is printed here.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from org import bootstrap
from org.comms.figures import plural
from org.lab.lab import Lab
from org.store import reads
from org.store.tables import IDEAS, RUNS, STANDUPS
from org.terminal import attach
from org.terminal.panes import PaneSpec

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "demo.yaml"
PATIENCE_SECONDS = 20 * 60
FRESH = 3
PROGRAM = "batch-and-warmdown"
IDEA = "warmdown_ratio = 0.6"  # a junior draws it, as it would any other
STANDUP = "standup"


def main() -> int:
    if "--watch" in sys.argv:
        return watch(say=lambda line: None)
    org("start", "--detach", "--anyway")  # its scale is a CPU's, whatever machine it is shown on
    if not IDEAS.count(opened().ledger.reader):
        org("idea", IDEA, "--program", PROGRAM)
        print(f"· you put an idea into the backlog of {PROGRAM}: {IDEA}")
    if not sys.stdout.isatty():
        return watch(say=lambda line: print(line, flush=True))
    subprocess.Popen([sys.executable, __file__, "--watch"], start_new_session=True, stdout=subprocess.DEVNULL)
    grid = bootstrap.grid(opened())
    attach.attach(grid.socket_path, grid.session)  # becomes tmux: nothing after it runs
    return 0


def watch(say: Callable[[str], None]) -> int:
    """Wait for the first merge, ask for a standup, open it in the grid. Exit status 1 when there is no merge in time."""
    lab, started, told = opened(), time.monotonic(), -1
    while reads.merged_count(lab.ledger.reader) == 0:
        verdicts = reads.verdict_count(lab.ledger.reader)
        if verdicts != told:
            say(f"{time.monotonic() - started:4.0f} s  {plural(verdicts, 'verdict')}, no merge yet")
            told = verdicts
        if time.monotonic() - started > PATIENCE_SECONDS:
            minutes = PATIENCE_SECONDS / 60
            print(f"no merge after {minutes:.0f} minutes: `org --config demo.yaml results` shows why", file=sys.stderr)
            return 1
        time.sleep(0.5)
    program = reads.merges(lab.ledger.reader)[0].program
    say(f"{time.monotonic() - started:4.0f} s  merged; head and root now run on {FRESH} fresh seeds")
    org("program", "headline", program, "--runs", str(FRESH))
    while RUNS.count(lab.ledger.reader, "WHERE purpose = 'fresh' AND finished_at IS NOT NULL") < 2 * FRESH:
        time.sleep(0.5)
    count = STANDUPS.count(lab.ledger.reader, "WHERE written_at IS NOT NULL")
    org("standup", "now")
    org("wait", "--for", "standup", "--count", str(count + 1), "--timeout", "120")
    show(lab)
    say(org("standup"))
    say("the lab goes on: `org --config demo.yaml attach`; stop it with `org --config demo.yaml stop`")
    return 0


def show(lab: Lab) -> None:
    """Open the standup in a window of the grid."""
    grid = bootstrap.grid(lab)
    text = f"{' '.join(bootstrap.org_command())} standup | less"
    spec = PaneSpec(STANDUP, ["sh", "-c", text], lab.layout.root, bootstrap.pane_environment(lab, None), STANDUP)
    grid.ensure([spec])
    grid.select(STANDUP)


def opened() -> Lab:
    return bootstrap.opened(bootstrap.place(str(CONFIG), os.environ, ROOT))


def org(*words: str) -> str:
    """Run a verb on the demo's lab; its output. A refusal ends the demo with the reason."""
    done = subprocess.run([*bootstrap.org_command(), "--config", str(CONFIG), *words], capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(done.stderr.strip() or f"org {' '.join(words)} ended with {done.returncode}")
    if words[0] == "start":
        print(done.stdout, end="")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
