"""Numbers as people read them: gains with their sign, spans in the unit that fits, tables in Markdown."""

from collections.abc import Iterable, Sequence


def gain(value: float | None) -> str:
    """A gain in metric units, positive is better."""
    return "–" if value is None else f"{round(value, 4) + 0.0:+.4f}"  # no -0.0000


def metric(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def span(seconds: float) -> str:
    """0:42 min, 3.1 h, 2.4 d."""
    if seconds < 3600:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} d"


def plural(count: int, noun: str) -> str:
    """1 run, 2 runs, no run."""
    return f"{count or 'no'} {noun}{'' if count <= 1 else 's'}"


def ended(runs: int, failed: int) -> str:
    """939 runs ended, 34 without a value."""
    return f"{plural(runs, 'run')} ended" + (f", {failed} without a value" if failed else "")


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a pipe in a cell is escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in body]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """Somebody's words, as a quotation: prose is theirs, numbers on the page never are."""
    return "\n".join(f"> {line}" if line else ">" for line in text.strip().splitlines())
