"""How each tab looks at 120×40. After a change on purpose: pytest tests/dashboard --snapshot-update, then look."""

from collections.abc import Callable

import pytest
import screen
from settling import Visitor, eventually
from standing import Build, app_of
from textual.pilot import Pilot

from org.dashboard import keys

pytestmark = pytest.mark.slow

LAST_DRAWN = (
    "cuda:7", "newest first", "data-order", "certified", "discarded 44", "A busy day", "Without an answer", "Device-hours",
    "agent.waiting",
)  # fmt: skip


@pytest.mark.parametrize(("number", "name", "drawn"), list(zip(range(1, 10), keys.TABS, LAST_DRAWN, strict=True)), ids=keys.TABS)
def test_the_tab_looks_as_it_did(lab: Build, snap_compare: Callable[..., bool], number: int, name: str, drawn: str) -> None:
    app = app_of(lab(60, 8))

    async def open_tab(pilot: Pilot[None]) -> None:
        visitor = Visitor(pilot)
        await eventually(visitor, lambda: app.looked)
        await visitor.press(str(number))
        assert app.tab == name and drawn in screen.text(app)

    assert snap_compare(app, terminal_size=(120, 40), run_before=open_tab)
