"""What others wrote (output of commands, files, letters), as the model gets it: clipped, cleaned, and marked as data."""

import re

from org.store import secrets

MOST = 20_000  # characters of one result
HEAD_SHARE = 0.3  # of a clipped text, the beginning; the rest is its end, where errors stand
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def data(text: str, source: str, **told: object) -> str:
    """The text between marks that it cannot close. source: where it comes from. told: attributes, such as exit=0."""
    attributes = "".join(f' {name}="{str(value).replace(chr(34), chr(39))}"' for name, value in told.items())
    body = re.sub(r"<(?=/?data\b)", "‹", clean(text).rstrip("\n"))
    return f'<data from="{source}"{attributes}>\n{clip(body)}\n</data>'


def clean(text: str) -> str:
    """Without escape sequences, control characters and the values of keys; a line's last state where it was redrawn."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n"))
    return secrets.conceal(_CONTROLS.sub("", "\n".join(lines)))


def clip(text: str, most: int = MOST) -> str:
    """The beginning and the end of a text that is too long, with a line that says how much is left out."""
    if len(text) <= most:
        return text
    head = int(most * HEAD_SHARE)
    left_out = len(text) - most
    return f"{text[:head]}\n[… {left_out} characters left out …]\n{text[len(text) - (most - head) :]}"


def line(text: str, most: int = 100) -> str:
    """One printable line of a text, cut."""
    words = " ".join(clean(text).split())
    return words if len(words) <= most else f"{words[: most - 1]}…"
