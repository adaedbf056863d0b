"""A drawing in SVG, written by hand: no library, a few kilobytes, one text for light and dark. Colours are names of Theme."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from org.plots.axes import Scale, label
from org.plots.kinds import Kind, Shape
from org.plots.theme import LIGHT, Theme, stylesheet

FONT = "'Inter','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
_WIDTHS = {
    **dict.fromkeys("fijlrtI.,:;'|!()[] -·", 0.38),
    **dict.fromkeys("mwMW@%—…", 0.97),
    **dict.fromkeys("±→×+−=<>~·★", 0.84),
}
_CAPITAL, _LETTER = 0.72, 0.63  # widths over the height, of DejaVu Sans, which is a wide one
MADE_BY = "made by org plot"  # in every picture; what carries it may be written over
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bars:
    """How a stretch of time is filled: a colour, and which parts of its height, from 0 at the top to 1."""

    colour: str
    parts: tuple[tuple[float, float], ...] = ((0.0, 1.0),)


@dataclass
class Drawing:
    """Parts in the order in which they lie on each other. Sizes in the drawing's own units, one pixel at scale 1."""

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, size: float = 13, colour: str = "ink", anchor: str = "start", weight: int = 400,
        halo: bool = False,
    ) -> None:  # fmt: skip
        """halo: readable over dots."""
        bold = f' font-weight="{weight}"' if weight != 400 else ""
        around = ' stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"' if halo else ""
        named = f"f-{colour} s-paper" if halo else f"f-{colour}"
        self.parts.append(
            f'<text class="{named}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{bold}{around}>'
            f"{escape(words)}</text>"
        )

    def line(self, a: Point, b: Point, colour: str, width: float = 1.0, dash: str = "") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line class="s-{colour}" x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" '
            f'stroke-width="{width:g}"{dashed}/>'
        )

    def path(self, points: Sequence[Point], colour: str, width: float = 1.0, dash: str = "") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline class="s-{colour}" points="{_points(points)}" fill="none" stroke-width="{width:g}" '
            f'stroke-linejoin="round"{dashed}/>'
        )

    def area(self, points: Sequence[Point], colour: str, opacity: float = 1.0) -> None:
        self.parts.append(f'<polygon class="f-{colour}" points="{_points(points)}" fill-opacity="{opacity:g}"/>')

    def box(self, x: float, y: float, width: float, height: float, colour: str, hint: str = "", opacity: float = 1.0) -> None:
        told = f"<title>{escape(hint)}</title>" if hint else ""
        faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        shape = f'<rect class="f-{colour}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{faint}'
        self.parts.append(f"{shape}>{told}</rect>" if told else f"{shape}/>")

    def bars(self, x: float, y: float, width: float, height: float, filled: Bars, hint: str = "") -> None:
        for top, bottom in filled.parts:
            self.box(x, y + top * height, width, (bottom - top) * height, filled.colour, hint)

    def crosses(self, points: Sequence[Point], size: float, colour: str) -> None:
        """Many small crosses as one path: thousands of dots stay a small file."""
        d = size * 0.72
        cross = f"l{2 * d:.1f} {2 * d:.1f}m0 {-2 * d:.1f}l{-2 * d:.1f} {2 * d:.1f}"
        path = "".join(f"M{x - d:.1f} {y - d:.1f}{cross}" for x, y in points)
        self.parts.append(f'<path class="s-{colour}" d="{path}" fill="none" stroke-width="1.4"/>')

    def mark(self, x: float, y: float, kind: Kind, size: float = 5.0, hint: str = "") -> None:
        """A dot of that kind; hint shows when a pointer rests on it."""
        drawn = _shape(kind.shape, x, y, size, kind.colour)
        self.parts.append(f"<g>{f'<title>{escape(hint)}</title>' if hint else ''}{drawn}</g>")

    def inner(self, theme: Theme = LIGHT, dark: Theme | None = None, styled: bool = True) -> str:
        """The svg element. styled: with its own colours; a page that has the stylesheet already needs them once."""
        style = f"<style>\n{stylesheet(theme, dark)}\n</style>\n" if styled else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(self.title)}" font-family="{FONT}" width="{self.width:g}" height="{self.height:g}">\n'
            f'<title>{escape(self.title)}</title><desc>{MADE_BY}</desc>\n{style}<rect class="f-paper" width="{self.width:g}" '
            f'height="{self.height:g}"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """The box of a plot inside a drawing, with its scales; y grows upwards."""

    x: Scale
    y: Scale

    @property
    def left(self) -> float:
        return self.x.start

    @property
    def right(self) -> float:
        return self.x.end

    @property
    def top(self) -> float:
        return self.y.end

    @property
    def bottom(self) -> float:
        return self.y.start


def width_of(words: str, size: float) -> float:
    """About how wide a text is, without knowing the font; rather wider."""
    return size * sum(_WIDTHS.get(c, _CAPITAL if c.isupper() else _LETTER) for c in words)


def headline(drawing: Drawing, title: str, below: str) -> None:
    """The two lines that every picture begins with."""
    drawing.text(28, 40, title, 21, weight=600)
    drawing.text(28, 64, below, 13.5, "dim")


def axes(
    drawing: Drawing, frame: Frame, xs: Sequence[tuple[float, str]], ys: Sequence[float], x_title: str, y_title: str
) -> None:
    """Grid, ticks and titles. xs: value and words of each tick."""
    for y in ys:
        drawing.line((frame.left, frame.y(y)), (frame.right, frame.y(y)), "grid")
        drawing.text(frame.left - 9, frame.y(y) + 4.5, label(y, ys), 12.5, "dim", "end")
    drawing.line((frame.left, frame.bottom), (frame.right, frame.bottom), "dim")
    for x, words in xs:
        drawing.line((frame.x(x), frame.bottom), (frame.x(x), frame.bottom + 5), "dim")
        drawing.text(frame.x(x), frame.bottom + 20, words, 12.5, "dim", "middle")
    drawing.text(frame.right, frame.bottom + 40, x_title, 13, "dim", "end")
    drawing.text(28, frame.top - 10, y_title, 13, "dim")


def legend(drawing: Drawing, y: float, entries: Sequence[tuple[Kind | str | Bars, str]], x: float = 28) -> None:
    """Marks with words, left to right; a colour's name instead of a kind gives a small box."""
    for kind, words in entries:
        if isinstance(kind, Bars):
            drawing.bars(x, y - 10, 13, 11, kind)
        elif isinstance(kind, Kind):
            drawing.mark(x + 6, y - 4.5, kind, 5.0)
        elif kind == "head":
            drawing.line((x, y - 4.5), (x + 14, y - 4.5), kind, 3)
        else:
            drawing.box(x, y - 10, 13, 11, kind)
        drawing.text(x + 19, y, words, 12.5, "dim")
        x += 19 + width_of(words, 12.5) + 16


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _shape(shape: Shape, x: float, y: float, r: float, colour: str) -> str:
    fill, stroke = (
        f'class="f-{colour} s-paper" stroke-width="1"',
        f'class="s-{colour}" fill="none" stroke-width="{min(1.7, max(1.0, r * 0.36)):.2g}"',
    )
    match shape:
        case Shape.DISC:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" {fill}/>'
        case Shape.RING:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r * 0.85:.1f}" {stroke}/>'
        case Shape.STAR:
            corners = [_around(x, y, r * (1.5 if n % 2 == 0 else 0.62), n * 36 - 90) for n in range(10)]
            return f'<polygon points="{_points(corners)}" {fill}/>'
        case Shape.TRIANGLE:
            corners = [_around(x, y, r * 1.15, angle) for angle in (-90, 30, 150)]
            return f'<polygon points="{_points(corners)}" {stroke}/>'
        case Shape.DIAMOND:
            corners = [_around(x, y, r * 1.15, angle) for angle in (-90, 0, 90, 180)]
            return f'<polygon points="{_points(corners)}" {stroke}/>'
        case Shape.CROSS:
            d = r * 0.72
            path = f"M{x - d:.1f} {y - d:.1f}L{x + d:.1f} {y + d:.1f}M{x - d:.1f} {y + d:.1f}L{x + d:.1f} {y - d:.1f}"
            return f'<path d="{path}" {stroke}/>'
        case Shape.BAR:
            return f'<path d="M{x:.1f} {y - r:.1f}V{y + r * 0.3:.1f}M{x:.1f} {y + r * 0.75:.1f}v1.6" {stroke}/>'


def _around(x: float, y: float, r: float, degrees: float) -> Point:
    return x + r * math.cos(math.radians(degrees)), y + r * math.sin(math.radians(degrees))
