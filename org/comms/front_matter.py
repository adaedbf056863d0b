"""The front matter of a page is for programs: files and --json keep it, a person reads what comes after it."""

FENCE = "---"


def without(text: str) -> str:
    """The page itself. A text without front matter, or with one that never ends, is all page."""
    if not text.startswith(f"{FENCE}\n"):
        return text
    _, found, page = text[len(FENCE) :].partition(f"\n{FENCE}\n")
    return page.lstrip("\n") if found else text
