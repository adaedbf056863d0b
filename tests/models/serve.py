"""`python tests/models/serve.py SCRIPT.yaml [--port N] [--record FILE.jsonl]`: the scripted server as a program.

Prints its address as one line of JSON, then serves until it is ended. --record gets one line a request, without bodies.
"""

import argparse
import json
import re
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ruamel.yaml import YAML

from models import script
from models.model_server import ModelServer
from models.request import Request


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("script", type=Path)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--record", type=Path)
    given = options.parse_args()
    tree = YAML(typ="safe").load(given.script.read_text(encoding="utf-8")) or {}
    who = re.compile(tree["who"]) if "who" in tree else None
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    agent_of = None if who is None else lambda request: named(who, request)
    with ModelServer(script.read(tree), agent_of=agent_of, keep_bodies=False, port=given.port) as server:
        print(json.dumps({"anthropic": server.url, "openai": server.openai_url}), flush=True)
        written = 0
        while not over.wait(0.5):
            written = record(server, given.record, written) if given.record else 0


def named(who: "re.Pattern[str]", request: Request) -> str:
    """The name that the pattern finds, else the session id or key."""
    found = who.search(request.everything)
    return found.group(1) if found else request.session or request.key


def record(server: ModelServer, file: Path, written: int) -> int:
    """Append the answered requests from number `written` on; where to go on."""
    for request in server.requests[written:]:
        if not request.answered:
            break
        row = {
            "at": request.at.isoformat(), "agent": request.agent, "protocol": request.protocol, "side": request.side,
            "status": request.status, "aborted": request.aborted, "prompt": request.prompt[-500:],
            "results": [result.text[-300:] for result in request.results], "usage": dict(request.usage),
        }  # fmt: skip
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        written += 1
    return written


if __name__ == "__main__":
    main()
