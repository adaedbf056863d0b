"""The end of a standup's page, where a person writes: whom each paragraph names.

    ## Your reply

    junior-2: leave the windows, look at the embeddings
    optimizer, junior-4: no more values by hand
    q-7: yes, close it

A paragraph that begins with names and a colon is for these: agents, programs, `all`, or the id of a question. One without
goes to whoever directs the others. Only a heading in a line of its own begins the reply, and nothing that the office writes
above it can look like one. Quoted lines (`> …`) are somebody else's words and direct nobody.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

HEADING = "## Your reply"
EVERYBODY = "all"
HINT = (
    "> Write below and save. A paragraph that begins with a name and a colon (`AGENT: …`, `PROGRAM: …`, `all: …`, or the id of\n"
    "> a question) directs whom it names; without one it goes to the chief, or to everybody where there is none. Each is taken\n"
    "> once; change it, and the new words replace the old. `org steer` shows what is in force."
)
_HEADING = re.compile(r"^#{1,6}[ \t]*(?:your[ \t]+)?(?:reply|replies|answers?)[ \t]*:?[ \t]*$", re.I | re.M)
_NAMES = re.compile(r"@?[\w][\w.-]*(?:[ \t]*(?:,|&|and)[ \t]*@?[\w][\w.-]*)*(?=[ \t]*:(?!//))")
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*][ \t]+)?@?[\w.-]+[ \t]*:[ \t])")
_LOOKS = re.compile(r"@.|.*-\d+$")  # what can only be meant as a name


@dataclass(frozen=True, slots=True)
class Words:
    """targets: names as they are known; empty: nobody was named. unknown: what was meant as a name and is none."""

    targets: tuple[str, ...]
    text: str
    unknown: tuple[str, ...] = ()


def unheaded(page: str) -> str:
    """What the office wrote, with nothing in it that would begin a reply."""
    return _HEADING.sub(lambda found: f"\\{found[0]}", page)


def joined(page: str, own: str | None) -> str:
    """The page with a person's reply, or room for one, at its end."""
    return f"{page.rstrip()}\n\n" + (own if own is not None else f"{HEADING}\n\n{HINT}\n")


def split(text: str) -> tuple[str, str | None]:
    """(what the office wrote, the reply with its heading; None where a person took the heading away)."""
    found = _HEADING.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, None)


def is_touched(text: str) -> bool:
    """Whether a person has written in the page, or taken its end away."""
    own = split(text)[1]
    return own is None or bool(_said(own))


def read(text: str, names: Collection[str]) -> list[Words]:
    """What a person wrote, one value a paragraph that names somebody; what follows without names belongs to it.

    names: agents, programs and questions, compared without case."""
    _, own = split(text)
    if own is None:
        return []
    known = {name.lower(): name for name in (*names, EVERYBODY)}
    found: list[Words] = []
    for paragraph in _PARAGRAPH.split(_said(own)):
        words = _words(paragraph.strip(), known)
        if words is None:
            continue
        if found and not words.targets and not words.unknown and found[-1].targets:
            found[-1] = Words(found[-1].targets, f"{found[-1].text}\n\n{words.text}".strip(), found[-1].unknown)
        else:
            found.append(words)
    return [words for words in found if words.text]


def _said(own: str) -> str:
    """Without heading, comments and what is quoted: quoted words are somebody else's."""
    plain = re.sub(r"<!--.*?(?:-->|\Z)", "", _HEADING.sub("", own, count=1), flags=re.S)
    return "\n".join("" if line.lstrip().startswith(">") else line for line in plain.splitlines()).strip()


def _words(paragraph: str, known: dict[str, str]) -> Words | None:
    line = re.sub(r"^[-*][ \t]+|^\*\*(?=\S+:?\*\*)", "", paragraph).replace("**:", ":").replace(":**", ":", 1)
    if not line:
        return None
    named = _NAMES.match(line)
    if named is None:
        return Words((), paragraph)
    given = [word.strip() for word in re.split(r",|&|[ \t]and[ \t]", named[0])]
    targets = [known[name] for word in given if (name := word.lstrip("@").lower()) in known]
    unknown = [word for word in given if word.lstrip("@").lower() not in known]
    if not targets and not any(_LOOKS.match(word) for word in unknown):
        return Words((), paragraph)  # `Note: …` names nobody
    text = line[named.end() :].lstrip().removeprefix(":").strip()
    return Words(tuple(dict.fromkeys(targets)), text, tuple(unknown))
