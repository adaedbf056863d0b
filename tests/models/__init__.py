"""A scripted model server on 127.0.0.1 for tests: no model, no key, real protocols. README.md says how to use it.

turn.py             what the server answers
request.py          what a program asked, in one shape for both protocols; parse_*.py read it from their bodies
messages_stream.py  a turn as the Messages protocol says it; responses_stream.py: as the Responses protocol does
script.py           turns in order for each agent; from a list or from YAML
model_server.py     the server that records requests and asks the script; handler.py: its HTTP
serve.py            the same as a program, for long runs
"""

from models.model_server import ModelServer
from models.request import Request, Result
from models.script import Script
from models.turn import Call, Shell, Turn, call, overloaded, rate_limited, refused, say, shell

__all__ = [
    "Call", "ModelServer", "Request", "Result", "Script", "Shell", "Turn", "call", "overloaded", "rate_limited", "refused",
    "say", "shell",
]  # fmt: skip
