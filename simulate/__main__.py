"""`python -m simulate [--share 0.1] [--processes 2] [--seed 1]`: simulate, then write docs/simulation.md and its picture."""

import argparse
import sys
import time
from pathlib import Path

from simulate import plot, report, study

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulate")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of campaigns (0.05 takes seconds)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of simulation.md and img/simulation.svg")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    results = study.run(study.jobs(chosen.share), chosen.processes, chosen.seed, _tell)
    (chosen.out / "img").mkdir(parents=True, exist_ok=True)
    (chosen.out / "simulation.md").write_text(report.page(results, chosen.share, chosen.seed), encoding="utf-8")
    (chosen.out / "img" / "simulation.svg").write_text(plot.picture(results), encoding="utf-8")
    failed = [line for line, fine in report.bounds(results) if not fine]
    print(f"{chosen.out / 'simulation.md'} after {time.monotonic() - started:.0f} s")
    print("\n".join(failed) or "every bound holds")
    return int(bool(failed))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
