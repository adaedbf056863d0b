"""Pictures for the README: what a person sees of a running lab, as PNG.

`python scripts/picture.py CONFIG WINDOW OUT.png [COLUMNS ROWS]` opens the lab's grid read-only in a terminal of its own,
shows WINDOW, and renders the screen (Rich → SVG → headless Chromium).
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from org import bootstrap
from org.terminal import attach

ROOT = Path(__file__).resolve().parents[1]
SETTLE_SECONDS = 4.0  # the grid is drawn anew for a terminal of another size


def main(config: str, window: str, out: str, columns: int = 170, rows: int = 46) -> int:
    lab = bootstrap.opened(bootstrap.place(config, os.environ, ROOT))
    grid = bootstrap.grid(lab)
    with tempfile.TemporaryDirectory() as folder:
        outer = ["tmux", "-S", f"{folder}/s", "-f", "/dev/null"]
        inner = attach.attach_command(grid.socket_path, grid.session, read_only=False)
        run([*outer, "new-session", "-d", "-x", str(columns), "-y", str(rows), *inner])
        run([*outer, "set", "-g", "status", "off"])
        grid.tmux.run(["select-window", "-t", f"{grid.session}:{window}"])
        time.sleep(SETTLE_SECONDS)
        screen = run([*outer, "capture-pane", "-e", "-p", "-N"])
        run([*outer, "kill-server"])
        svg = Path(folder) / "screen.svg"
        svg.write_text(as_svg(screen, columns, f"org · lab {lab.config.lab}"), encoding="utf-8")
        render(svg, Path(out))
    return 0


def as_svg(screen: str, columns: int, title: str) -> str:
    console = Console(record=True, width=columns, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    console.print(Text.from_ansi(screen.rstrip("\n")), no_wrap=True, crop=False)
    return console.export_svg(title=title)


def render(svg: Path, png: Path) -> None:
    """By headless Chromium, at the drawing's own size."""
    head = svg.read_text(encoding="utf-8")
    width, height = (float(v) for v in head.split('viewBox="0 0 ')[1].split('"')[0].split())
    run([
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
        f"--window-size={int(width)},{int(height)}", f"--screenshot={png.absolute()}", svg.as_uri(),
    ])  # fmt: skip


def run(command: list[str]) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TMUX")}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], *(int(v) for v in sys.argv[4:6])))
