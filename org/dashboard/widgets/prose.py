"""Markdown to be read, wrapped to the widget's width. What can be seen is rendered at once, the rest before it is missed."""

from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from org.dashboard import palette, prose
from org.dashboard.palette import Palette, Part
from org.dashboard.prose import Block, Printer
from org.dashboard.widgets.lines import Lines

PART = 300  # tokens of Markdown that are rendered at a time: some milliseconds


class Prose(Lines):
    """scrollbar-gutter is stable: a text that has to be wrapped anew as its scrollbar comes is rendered twice."""

    DEFAULT_CSS = "Prose { overflow-x: hidden; scrollbar-gutter: stable; }"

    def __init__(self, markdown: str = "", id: str | None = None) -> None:
        super().__init__((), id)
        self._markdown, self._head = markdown, tuple[Part, ...]()
        self._blocks = prose.blocks(markdown)
        self._begins: list[int] = []  # the first line of every block that is rendered
        self._made: list[Text | Strip] = []
        self._made_for: tuple[int, Palette] | None = None
        self._printer: Printer | None = None

    def read(self, markdown: str, head: tuple[Part, ...] = ()) -> None:
        """Show it from its beginning, under a head of lines that are not Markdown; nothing changes when it is shown."""
        if (markdown, head) == (self._markdown, self._head):
            return
        self._markdown, self._head, self._blocks, self._made_for = markdown, head, prose.blocks(markdown), None
        if self.size.width:
            self._fit(self._room)
        self.scroll_home(animate=False, immediate=True)

    @property
    def headings(self) -> list[Block]:
        return [block for _, block in prose.headings(self._blocks)]

    def scroll_to_heading(self, number: int) -> None:
        """It comes to the top."""
        self._go_on(len(self._blocks))
        self.scroll_to(y=self._begins[prose.headings(self._blocks)[number][0]], animate=False, immediate=True)

    def on_resize(self, event: events.Resize) -> None:
        self._fit(self._room)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_attached and self.size.width:
            self._fit(self._room)

    @property
    def _room(self) -> int:
        """Cells beside the scrollbar."""
        return self.scrollable_content_region.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Where its height is that of the text, all of it is rendered."""
        self._fit(width)
        self._go_on(len(self._blocks))
        return len(self._made)

    def _fit(self, width: int) -> None:
        asked = width, palette.of_app(self.app)
        if asked == self._made_for:
            return
        self._made_for = asked
        self._printer, self._begins, self._made = Printer(asked[1], width), [], [asked[1].part(line) for line in self._head]
        while len(self._begins) < len(self._blocks) and len(self._made) <= self.app.size.height:
            self._have(len(self._begins) + 1)
        self._show_made()

    def _go_on(self, until: int) -> None:
        """Have the blocks up to this one, without it."""
        if len(self._begins) < until:
            self._have(until)
            self._show_made()

    def _part(self, of: list[Text | Strip]) -> None:
        """A little more, unless it is another text by now."""
        if of is self._made:
            until, tokens = len(self._begins), 0
            while until < len(self._blocks) and tokens < PART:
                tokens += len(self._blocks[until].tokens)
                until += 1
            self._go_on(until)

    def _have(self, until: int) -> None:
        assert self._printer is not None
        for block in self._blocks[len(self._begins) : until]:
            if self._made:
                self._made.append(Text())
            self._begins.append(len(self._made))
            self._made += [Strip(line) for line in self._printer.lines(block)]

    def _show_made(self) -> None:
        assert self._made_for is not None
        self._put(self._made, self._made_for[0])
        if len(self._begins) < len(self._blocks):
            self.call_later(self._part, self._made)
