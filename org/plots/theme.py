"""Colours of pictures, light and dark. Told apart also by those who do not see red and green as others do; and never the
only signal: kinds have shapes, uses of a device have words beside them."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour as #rrggbb."""

    paper: str
    ink: str
    dim: str
    grid: str
    head: str  # the staircase, fitted curves
    band: str  # what is noise
    certified: str
    merged: str
    better: str
    parked: str
    discarded: str
    bad: str
    second: str
    third: str
    fourth: str


LIGHT = Theme(
    paper="#ffffff", ink="#1b2430", dim="#66717f", grid="#e6eaef", head="#0b6e64", band="#cfe9e4", certified="#d48806",
    merged="#0b8a78", better="#2f6fb7", parked="#8a5fb0", discarded="#a9b2bd", bad="#c8452d", second="#5b8fd0",
    third="#b08ad0", fourth="#d9a441",
)  # fmt: skip
DARK = Theme(
    paper="#12171e", ink="#e4e9f0", dim="#98a4b3", grid="#262e39", head="#4fd1b8", band="#1d3f3d", certified="#f5b942",
    merged="#3cc9ae", better="#6cb0f5", parked="#c39be6", discarded="#66717f", bad="#ff7d63", second="#4a7ab5",
    third="#8f6bb3", fourth="#c4923a",
)  # fmt: skip


def stylesheet(theme: Theme, dark: Theme | None = None) -> str:
    """Classes f-NAME (filled) and s-NAME (stroked) for each colour. dark: what a reader who prefers dark sees instead."""
    text = _classes(theme)
    return text if dark is None else f"{text}\n@media (prefers-color-scheme: dark) {{\n{_classes(dark)}\n}}"


def _classes(theme: Theme) -> str:
    colours = {field.name: getattr(theme, field.name) for field in fields(theme)}
    return "\n".join(f".f-{name}{{fill:{value}}} .s-{name}{{stroke:{value}}}" for name, value in colours.items())
