"""Two themes, and the colours that cells and plots take from whichever theme is in use."""

from dataclasses import asdict, dataclass

from rich.text import Text
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from org.dashboard import figures
from org.dashboard.symbols import Sign, Tone
from org.plots import theme
from org.plots.cells import Inks

DARK = Theme(
    name="lab-dark", dark=True, primary="#6cb6ff", secondary="#8b9bb4", accent="#6cb6ff", success="#3ccf9c",
    warning="#f0b84c", error="#ff7f66", foreground="#d6dde8", background="#0f1319", surface="#141a22", panel="#1d2530",
)  # fmt: skip
Part = list[tuple[str, Tone, bool]]  # of a line: words, tone, bold
LIGHT = Theme(
    name="lab-light", dark=False, primary="#1c5fb0", secondary="#5b6b82", accent="#1c5fb0", success="#00735a",
    warning="#8a5a00", error="#b3371b", foreground="#1d2733", background="#f4f6f8", surface="#fcfdfe", panel="#e3e9f0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb, one per tone."""

    good: str
    live: str
    warn: str
    bad: str
    dim: str
    plain: str

    def of(self, tone: Tone) -> str:
        return str(getattr(self, tone.value))

    def sign(self, sign: Sign) -> Text:
        return self.text(str(sign), sign.tone)

    def text(self, words: str, tone: Tone = Tone.PLAIN, bold: bool = False) -> Text:
        """One line that ends in an ellipsis where its cell is too small."""
        style = f"bold {self.of(tone)}" if bold else self.of(tone)
        return Text.assemble((words, style), no_wrap=True, overflow="ellipsis", end="")

    def part(self, part: Part) -> Text:
        styles = ((words, f"bold {self.of(tone)}" if bold else self.of(tone)) for words, tone, bold in part)
        return harmless(Text.assemble(*styles))


def harmless(text: Text) -> Text:
    """The same text, with blanks for what a terminal would obey."""
    words = figures.harmless(text.plain)
    if words != text.plain:
        text.plain = words
    return text


def inks(app: App[object]) -> Inks:
    """The colours of plots: those of `org plot`'s pictures, light or dark."""
    dark = app.current_theme.dark
    colours = asdict(theme.DARK if dark else theme.LIGHT)
    colours["band"] = "#35706a" if dark else "#8cc9be"  # a quarter of a cell: fainter than the same colour on paper
    return colours | {"title": f"bold {colours['ink']}", "certified": f"bold {colours['certified']}"}


def of_app(app: App[object]) -> Palette:
    """The palette of the theme in use."""
    named = app.theme_variables
    foreground, background = Color.parse(named["foreground"]), Color.parse(named["background"])
    return Palette(
        good=Color.parse(named["success"]).hex6,
        live=Color.parse(named["primary"]).hex6,
        warn=Color.parse(named["warning"]).hex6,
        bad=Color.parse(named["error"]).hex6,
        dim=foreground.blend(background, 0.42).hex6,
        plain=foreground.hex6,
    )
