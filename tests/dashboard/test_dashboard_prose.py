"""Markdown as lines of a screen: what an agent wrote is words, and only what is missed is rendered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import screen
from rich.style import Style
from rich.text import Text
from settling import Overheard, Visitor, eventually
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.selection import Selection

from org.dashboard import prose
from org.dashboard.palette import Palette
from org.dashboard.widgets import lines, strips
from org.dashboard.widgets.lines import Lines
from org.dashboard.widgets.prose import Prose
from org.dashboard.widgets.strips import Styles

COLOURS = Palette(*["#102030"] * 6)


def read(markdown: str, width: int = 60) -> list[str]:
    printer = prose.Printer(COLOURS, width)
    return [
        "".join(segment.text for segment in line).rstrip() for block in prose.blocks(markdown) for line in printer.lines(block)
    ]


class Reading(Overheard, App[None]):
    def __init__(self, shown: Lines) -> None:
        super().__init__()
        self.shown, self.animation_level = shown, "none"

    def compose(self) -> ComposeResult:
        yield self.shown


@asynccontextmanager
async def reading(shown: Lines) -> AsyncIterator[tuple[Reading, Visitor]]:
    app = Reading(shown)
    async with app.run_test(size=(60, 10)) as pilot:
        visitor = Visitor(pilot)
        await visitor.settled()
        shown.focus()
        yield app, visitor


class Counting(Prose):
    """rendered: how many blocks, ever."""

    rendered = 0

    def _have(self, until: int) -> None:
        self.rendered += until - len(self._begins)
        super()._have(until)


def test_a_heading_stands_at_the_left_and_a_list_under_its_words() -> None:
    shown = read("# What we learned\n\nIt **works**.\n\n- one\n- two")
    assert shown[:2] == ["What we learned", "It works."] and [line.split() for line in shown[2:]] == [["•", "one"], ["•", "two"]]


def test_headings_are_those_below_the_title_and_none_of_the_code() -> None:
    found = prose.headings(prose.blocks("# Day\n\n## Questions `to` you\n\n```\n## no heading\n```\n\n### Wrong turns\n"))
    assert [(place, block.level, block.words) for place, block in found] == [(1, 2, "Questions to you"), (3, 3, "Wrong turns")]


def test_what_looks_like_html_is_words() -> None:
    assert read("a List<int> <script>x</script>\n\n<div>\n") == ["a List<int> <script>x</script>", "<div>"]


def test_an_address_is_read_and_not_hidden_behind_words() -> None:
    assert read("see [the paper](https://example.org/x)") == ["see the paper (https://example.org/x)"]


def test_nothing_that_is_written_moves_the_cursor() -> None:
    assert "\x1b" not in "".join(read("a \x1b[2J b\n\n    code \x1b[H\n\n| x\x1b |\n| - |\n| y\x9b |\n"))


def test_code_is_shown_as_it_is() -> None:
    assert [line.rstrip() for line in read("```python\nx = [1]\n\n  y = 2\n```")] == ["  x = [1]", "", "    y = 2"]


def test_tabs_indent_as_their_author_saw_them() -> None:
    assert [line.rstrip() for line in read("- a\n\t- b")] == [" • a", "    • b"]
    assert [line.rstrip() for line in read("```\nall:\n\tcc x.c\n```")] == ["  all:", "      cc x.c"]


def test_no_line_of_a_text_turns_its_direction_or_becomes_two() -> None:
    said = lines.of("a\u202eb\tc\x0cd\u2028e\u2066f\n\n+ g\n")
    assert [line.plain for line in said] == ["a b     c d e f", "", "+ g"]
    assert strips.strip(Text("a\u202eb\u2066c\x1b\nd"), 9, Styles(Style())).text == "a b c  d "


async def test_a_long_text_is_rendered_to_its_end_but_once() -> None:
    text = "\n\n".join(f"paragraph {number}" for number in range(400))
    async with reading(Counting(text)) as (app, visitor):
        shown = app.shown
        assert isinstance(shown, Counting) and shown.rendered == 400 and screen.lines(app)[0] == "paragraph 0"
        await visitor.press("end")
        await eventually(visitor, lambda: screen.lines(app)[-1].startswith("paragraph 399"))
        shown.read(text)
        await visitor.settled()
        assert shown.rendered == 400 and screen.lines(app)[-1].startswith("paragraph 399"), "the same text stays where it is"
        await visitor.resize(40, 10)
        assert shown.rendered == 800


async def test_a_text_that_took_the_place_of_a_longer_one_is_whole() -> None:
    async with reading(Prose("\n\n".join(["long"] * 300))) as (app, visitor):
        assert isinstance(app.shown, Prose)
        app.shown.read("\n\n".join(f"next {number}" for number in range(200)))
        app.shown.read("# Short")
        await visitor.settled()
        assert screen.lines(app) == ["Short"] and app.shown.virtual_size.height == 1


async def test_a_heading_comes_to_the_top() -> None:
    text = "# Day\n\n" + "\n\n".join(f"## Section {number}\n\n" + "words\n\n" * 30 for number in range(9))
    async with reading(Prose(text)) as (app, visitor):
        assert isinstance(app.shown, Prose) and len(app.shown.headings) == 9
        app.shown.scroll_to_heading(7)
        await visitor.settled()
        assert screen.lines(app)[0].startswith("Section 7")


async def test_lines_scroll_both_ways_and_are_selected_as_they_are_read() -> None:
    shown = Lines([Text("\x1b[0m"), *lines.of("\n".join(f"{number} " + "x" * 80 + " end" for number in range(1, 50)))])
    async with reading(shown) as (app, visitor):
        await visitor.press("down", "down")
        assert screen.lines(app)[0].startswith("2 xxx")
        shown.scroll_to(x=50, animate=False)
        await visitor.settled()
        assert "xxx end" in screen.lines(app)[0]
        app.screen.selections = {shown: Selection.from_offsets(Offset(0, 3), Offset(4, 3))}
        assert app.screen.get_selected_text() == "3 xx"
        app.screen.selections = {shown: Selection.from_offsets(Offset(0, 0), Offset(4, 0))}
        assert app.screen.get_selected_text() == " [0m", "nothing that a terminal obeys is copied into one"
