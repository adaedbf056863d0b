"""Sentences of agents that claim a result and name nothing that shows it: no experiment, run or commit of the ledger. They
are marked for the reader, never changed or left out.

What counts is narrow, for a mark on an honest sentence teaches readers to pass over marks: plans, expectations, questions,
settings, noise and budgets, and what is quoted from elsewhere are no results of this lab. "It gained 0.004" after a sentence
that names E12 speaks of E12; so do the items of a list under a line or a heading that names it.
"""

import re
from collections.abc import Callable, Iterator

Knows = Callable[[str], bool]
MARK = "**⚠ no run**"
LEGEND = f"{MARK}: the sentence claims a result and names no experiment, run or commit that the ledger knows."

_NAMED = re.compile(r"\b(?:[A-Z]\d+|[0-9a-f]{7,40})\b")
# Counts are bounded throughout: agents write what is read here, and it must not take long.
_ABBREVIATIONS = re.compile(r"\b(?:e\.g|i\.e|vs|approx|ca|cf|no|fig|resp|al|incl|etc|dr|st)$", re.I)
_END = re.compile(r"[.!?…]{1,5}[\"')\]*_”»]{0,5}(?=\s|$)")
_FOLLOWS = re.compile(r"\s{0,99}(\S?)")
_LIST = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_CARRIED = re.compile(
    r"[\s\"'(*_]*(?:it|its|this|that|they|these|those|both|which|same|so|hence|thus|therefore|without it|the (?:change|gain|loss|"
    r"effect|result|difference|first|second|former|latter|same|run|runs|race|verdict|curve|rest))\b", re.I,
)  # fmt: skip
_FOREIGN = re.compile(
    r"arxiv|doi:|https?://|\bet al\b|\bpapers?\b|\bliterature\b|\bpublished\b|\bknowledge\b|\.md\b|\((?:19|20)\d\d\)", re.I
)
_AHEAD = re.compile(  # from here on the sentence speaks of what may be
    r"\b(?:will|would|could|should|shall|may|might|can|cannot|going to|next|plans?|wants?|wanted|intends?|expect\w*|predict\w*|"
    r"hypothes\w*|hop(?:e|es|ed|ing)|suspect\w*|guess\w*|wonder\w*|assum\w*|whether|if|unless|until|needs?|let (?:me|us)|aims?|"
    r"goal|target|to (?:see|test|find out|learn|check|know)|in order to|waits?|waiting)\b|’ll\b|'ll\b", re.I,
)  # fmt: skip
_CLAUSES = re.compile(r"[,;:—]\s+|\s+–\s+|\s+(?:and|but|while|whereas|so|yet)\s+")

_METRIC = (
    r"(?:loss(?! (?:weight|scale|coefficient|function|term))|bpb|val_\w+|perplexity|ppl|accuracy|score|gains?|gained|"
    r"improvement|regression|speed-?up|throughput|tok/s|tokens?/s|tokens? (?:per|a) second|mfu|step time|ms (?:per|a) step)"
)
_ABOUT = rf"(?:{_METRIC}|memory|speed|gap|variance|gradient norm)"
_MORE = (
    r"(?:better|worse|faster|slower|lower|higher|smaller|cheaper|"
    r"(?:less|more|fewer) (?:memory|compute|tokens|steps|parameters|time|flops))"
)
_RESULTS = re.compile(
    r"(?<!an )(?<!the )(?<!our )\bimproved\b|\b(?:improves|outperform(?:s|ed)|beats?|help(?:s|ed)|hurts?|regress(?:es|ed)|"
    r"worsen(?:s|ed)|degrade[sd]|gained|diverge[sd]|converge[sd])\b"
    r"|\b(?:is|was|are|were|got|came out|comes out|looks|looked|seems|seemed|proved|turned out|ended(?: up)?|trains?|trained|"
    r"runs?)(?: (?:much|clearly|slightly|a bit|far|no|not|also|even|significantly|consistently|both|still))*"
    r" (?:better|worse|faster|slower|lower|higher|significant|neutral|unstable|indistinguishable|"
    r"within (?:the )?noise)\b(?! to\b)"
    r"|\b(?:has|had|have|made|makes|shows?|showed|gave|gives|brought|brings|found|saw|yield(?:s|ed))\b[^.]{0,30}?"
    r"\b(?:effect|difference|gain|improvement|speed-?up|regression)s?\b"
    rf"|\b(?:reduce[sd]|lower(?:s|ed)|increase[sd]|raise[sd]|cuts?|drop(?:s|ped)|fell|falls|rose|rises|went (?:up|down)|"
    rf"decrease[sd]|save[sd]|doubled|halved)\b[^.]{{0,40}}\b{_ABOUT}"
    rf"|\b{_ABOUT}\b[^.]{{0,20}}\b(?:drop(?:s|ped)|fell|falls|rose|rises|went (?:up|down)|decrease[sd]|increase[sd]|"
    r"doubled|halved)\b",
    re.I,
)  # fmt: skip
_DECIMAL = r"\d{1,9}\.\d{1,9}"
_NUMBER = r"\d{1,9}(?:[.,]\d{1,9})?"
_SETTING = re.compile(
    r"→|->|\b(?:from|set|sets|changed|noise|sigma of|spread|margin|threshold|bar|floor|allowance|budget|than \d)\b|"
    r"(?:^|\s)σ (?:is|of|=)", re.I,
)  # fmt: skip
_NUMBERS = re.compile(
    rf"\b{_METRIC}\b[^.]{{0,40}}?[-+−]?{_DECIMAL}|{_DECIMAL}\s{{0,3}}{_METRIC}\b"  # val_bpb 1.02
    r"|(?<![\w.])[+−-]\d{0,9}\.\d{1,9}(?![\w.]{0,9}\w)"  # −0.004
    rf"|{_NUMBER}\s{{0,3}}(?:σ|sigmas?\b)"
    rf"|{_NUMBER}\s{{0,3}}(?:%|percent|×|x\b|times)[^.]{{0,30}}?\b{_MORE}\b|\b{_MORE}\b[^.]{{0,30}}?{_NUMBER}\s{{0,3}}(?:%|percent|×)",
    re.I,
)  # fmt: skip


def marked(text: str, knows: Knows) -> str:
    """The text with a MARK after each sentence that claims without naming. knows: whether the ledger has an experiment, a run
    or a study of this name, or a commit that begins so. Code, tables' heads and headings are left as they are."""
    lines, found, section, led = text.splitlines(), [], False, False
    for kind, block in _blocks(lines):
        words = "\n".join(block)
        if kind == "code":
            found.append(words)
        elif kind == "heading":
            section, led = _names(words, knows), False
            found.append(words)
        else:
            covered = section or (kind in ("item", "row") and led)
            found.append(_paragraph(words, knows, covered))
            if kind == "text":
                led = _names(words, knows) and words.rstrip().endswith(":")
    return "\n".join(found)


def unmarked(text: str) -> str:
    """The text as its author wrote it."""
    return text.replace(f" {MARK}", "")


def is_claim(sentence: str) -> bool:
    """Whether a sentence speaks of something that was measured, as this lab's own result."""
    if sentence.rstrip("\"')]*_”» ").endswith("?") or _FOREIGN.search(sentence):
        return False
    ahead = _AHEAD.search(sentence)
    clauses = _CLAUSES.split(sentence[: ahead.start()] if ahead else sentence)
    return any(_RESULTS.search(clause) or (_NUMBERS.search(clause) and not _SETTING.search(clause)) for clause in clauses)


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(kind, lines): code, heading, row of a table, item of a list, empty, or text; what follows an item belongs to it."""
    open_: tuple[str, list[str]] | None = None
    fenced = False
    for line in lines:
        fence = line.lstrip().startswith(("```", "~~~"))
        kind = "code" if fenced or fence else _kind(line)
        fenced ^= fence
        if open_ is not None and kind == "text" and open_[0] in ("text", "item"):
            open_[1].append(line)
            continue
        if open_ is not None:
            yield open_
        open_ = (kind, [line])
    if open_ is not None:
        yield open_


def _kind(line: str) -> str:
    if not line.strip():
        return "empty"
    if line.startswith("#"):
        return "heading"
    if line.lstrip().startswith("|"):
        return "row"
    return "item" if _LIST.match(line) else "text"


def _paragraph(text: str, knows: Knows, covered: bool) -> str:
    parts, named = [], covered
    for sentence in _sentences(text):
        named = covered or _names(sentence, knows) or (named and _CARRIED.match(sentence) is not None)
        words = sentence.rstrip()
        parts.append(sentence if named or not is_claim(words) else _with_mark(sentence, words))
    return "".join(parts)


def _with_mark(sentence: str, words: str) -> str:
    """Within the row of a table, before its last bar."""
    bar = words.startswith("|") and words.endswith("|")
    return f"{words[:-1].rstrip()} {MARK} |" if bar else f"{words} {MARK}{sentence[len(words) :]}"


def _sentences(text: str) -> Iterator[str]:
    """Together they are the text."""
    begin = 0
    for end in _END.finditer(text):
        follows = _FOLLOWS.match(text, end.end())
        before = text[max(end.start() - 9, begin) : end.start()]
        if follows and follows[1] and (follows[1].islower() or _ABBREVIATIONS.search(before)):
            continue
        yield text[begin : end.end()]
        begin = end.end()
    if begin < len(text):
        yield text[begin:]


def _names(sentence: str, knows: Knows) -> bool:
    return any(knows(word) for word in _NAMED.findall(sentence))
