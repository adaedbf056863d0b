"""The picture of a study, as SVG text: shares kept over true gains, and progress per run of every rule."""

from collections.abc import Sequence
from html import escape

import numpy as np

from simulate import numbers, power, world
from simulate.study import Results

WIDTH, HEIGHT = 860, 330
COLOURS = {"0": "#c44e52", "mixed": "#8172b3", ".98": "#4c72b0"}
GREY = "#888888"
LEFT, TOP, SIDE = 60, 50, 220
"""Of the first panel: corner and size."""
BARS_LEFT, BARS_WIDTH = 500, 260


def picture(results: Results) -> str:
    """Both panels. Colours are those of the correlations."""
    body = [_text(LEFT, 24, "Share of true gains kept", 14), _text(BARS_LEFT - 130, 24, "True progress per run", 14)]
    body += _axes() + [part for edits in world.EDITS for part in _curve(results, edits.name)] + _bars(results)
    style = 'font-family="sans-serif" font-size="12" fill="#222222"'
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" {style}>\n'
        + "\n".join([background, *body])
        + "\n</svg>\n"
    )


def _curve(results: Results, name: str) -> list[str]:
    points = [(effect, np.mean([r.kept for r in results[("power", name, effect)]])) for effect in power.EFFECTS]
    line = [(_x(0.0), _y(0.0)), *((_x(effect), _y(float(kept))) for effect, kept in points)]
    row = TOP + SIDE + 46
    column = LEFT + 95 * list(COLOURS).index(name)
    return [
        f'<polyline points="{_points(line)}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}"/>' for x, y in line[1:]),
        f'<rect x="{column}" y="{row}" width="12" height="12" fill="{COLOURS[name]}"/>',
        _text(column + 16, row + 11, f"corr. {name}", 11),
    ]


def _axes() -> list[str]:
    made = []
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        made.append(_line(LEFT, _y(value), LEFT + SIDE, _y(value), "#dddddd"))
        made.append(_text(LEFT - 8, _y(value) + 4, f"{value:.0%}", 11, "end"))
    made += [_text(_x(gain), TOP + SIDE + 16, f"{gain:g}σ", 11, "middle") for gain in (0, 1, 2, 3)]
    return [*made, _text(LEFT + SIDE / 2, TOP + SIDE + 34, "true gain", 11, "middle")]


def _bars(results: Results) -> list[str]:
    rows = [("one run, keep if lower", numbers.pace(results, ("naive",)), GREY)]
    for edits in world.EDITS:
        rows.append((f"race, {edits.name}", numbers.pace(results, ("race", edits.name)), COLOURS[edits.name]))
    for edits in world.EDITS:
        pace = numbers.pace(results, ("screen", edits.name, "perfect"))
        rows.append((f"screen + race, {edits.name}", pace, COLOURS[edits.name]))
    scale = BARS_WIDTH / max(2.0, *(pace.ratio.value for _, pace, _ in rows))
    made = []
    for i, (name, pace, colour) in enumerate(rows):
        y, width = TOP + i * 34, pace.ratio.value * scale
        told = f"{pace.ratio.value:.2f}  ({pace.false_share:.1%} of keeps false)"
        made.append(f'<rect x="{BARS_LEFT}" y="{y}" width="{width:.1f}" height="22" fill="{colour}"/>')
        made.append(_text(BARS_LEFT - 8, y + 15, name, 11, "end"))
        inside = width > 190
        x, fill = (BARS_LEFT + width - 6, "#ffffff") if inside else (BARS_LEFT + width + 6, "#222222")
        made.append(_text(x, y + 15, told, 11, "end" if inside else "start", fill))
    made.append(_line(BARS_LEFT + scale, TOP - 6, BARS_LEFT + scale, TOP + 34 * len(rows) - 6, "#222222", "4 3"))
    return made


def _x(gain: float) -> float:
    return LEFT + SIDE * gain / max(power.EFFECTS)


def _y(share: float) -> float:
    return TOP + SIDE * (1.0 - share)


def _points(line: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in line)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, words: str, size: int, anchor: str = "start", fill: str = "#222222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'
