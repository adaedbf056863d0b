"""Markdown that agents and the lab wrote, as lines of a screen: parsed once, rendered block by block.

Textual's own Markdown (8.2) makes a widget of every block: half a second for a notebook page."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme

from org.dashboard import figures
from org.dashboard.palette import Palette


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table, rule … of the top level. level: of a heading, 0 of anything else; words: the heading's."""

    tokens: tuple[Token, ...]
    level: int = 0
    words: str = ""


def blocks(markdown: str) -> list[Block]:
    """In their order. HTML is words like any other."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    found, open_ones = [], list[Token]()
    for token in parser.parse(figures.harmless(markdown.expandtabs(4))):
        open_ones.append(token)
        if token.level == 0 and token.nesting <= 0:
            found.append(_block(tuple(open_ones)))
            open_ones = []
    return found


def headings(found: list[Block]) -> list[tuple[int, Block]]:
    """Those below the title, each with its place among the blocks."""
    return [(place, block) for place, block in enumerate(found) if block.level in (2, 3)]


def _block(tokens: tuple[Token, ...]) -> Block:
    if tokens[0].type != "heading_open":
        return Block(tokens)
    inline = tokens[1].children or []
    return Block(tokens, int(tokens[0].tag[1:]), "".join(child.content for child in inline))


class _Heading(Heading):
    """At the left, as it is read, rather than in the middle of a wide terminal."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text.assemble(self.text, justify="left")


class _Code(CodeBlock):
    """In one colour: what colours it by its grammar takes longer than the whole page."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Padding(Text(str(self.text).rstrip(), style="markdown.code_block"), (0, 2))


class _Block(Markdown):
    elements = {**Markdown.elements, "heading_open": _Heading, "fence": _Code, "code_block": _Code}  # noqa: RUF012

    def __init__(self, block: Block) -> None:
        super().__init__("", hyperlinks=False)  # an address that is hidden behind words is one that nobody checks
        self.parsed = list(block.tokens)


class Printer:
    """Renders blocks in some colours for some width, in cells."""

    def __init__(self, colours: Palette, width: int) -> None:
        self._console = Console(
            file=io.StringIO(), width=max(width, 1), color_system="truecolor", force_terminal=True, theme=_theme(colours),
            legacy_windows=False, _environ={},
        )  # fmt: skip
        self._style = self._console.get_style(colours.plain)

    def lines(self, block: Block) -> Iterator[list[Segment]]:
        """Without the blank ones around it."""
        found = self._console.render_lines(_Block(block), style=self._style, pad=False)
        said = [number for number, line in enumerate(found) if any(segment.text.strip() for segment in line)]
        yield from found[said[0] : said[-1] + 1] if said else []


def _theme(colours: Palette) -> Theme:
    title = {f"markdown.h{level}": f"bold {colours.live}" for level in range(1, 7)}
    quiet = ("hr", "block_quote", "item.bullet", "item.number", "table.border", "link_url")
    return Theme(
        {f"markdown.{name}": colours.dim for name in quiet}
        | title
        | {
            "markdown.code": colours.live, "markdown.code_block": colours.live, "markdown.link": f"underline {colours.plain}",
            "markdown.table.header": f"bold {colours.plain}", "markdown.strong": "bold", "markdown.em": "italic",
        }
    )  # fmt: skip
