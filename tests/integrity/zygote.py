"""Runs of the trainer without the second that every import of torch takes: a process that has imported it forks for each.

Reads one JSON object a line (folder, arguments, log), answers with the exit status. The child is as `python -m trainer` in
that folder would be: nothing of the trainer is imported before.
"""

import json
import os
import runpy
import sys
import traceback

import numpy  # noqa: F401  imported once for all runs
import torch  # noqa: F401


def run(folder: str, arguments: list[str], log: str) -> int:
    """In the child. Never returns to the loop below."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.chdir(folder)
    sys.path.insert(0, folder)
    os.environ["PYTHONPATH"] = folder  # of the host, which the scorer starts
    sys.argv = ["trainer", *arguments]
    try:
        runpy.run_module("trainer", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        status = run(**json.loads(line))
        sys.stdout.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
