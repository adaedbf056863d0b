"""Run every bench, or those that are named: `python -m benchmarks panes delivery`. Prints one JSON object a line."""

import importlib
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

NAMES = ("panes", "delivery", "supervisor", "overhead", "verdicts", "decision", "submission", "planted", "dashboard")


def main(names: list[str]) -> int:
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(json.dumps({"machine": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}), flush=True)
    for name in names or NAMES:
        with tempfile.TemporaryDirectory(prefix="org-", ignore_cleanup_errors=True) as folder:
            os.environ["ORG_DEVICE_LOCKS"] = f"{folder}/locks"
            result = importlib.import_module(f"benchmarks.{name}").measure(Path(folder))
        print(json.dumps({name: result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
