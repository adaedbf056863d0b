"""The app over a lab of a test, standing in a terminal of some size, with a frozen clock."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import ledgers
from recorder import Recorder
from settling import Overheard, Visitor, eventually

from org.dashboard import app as dashboard
from org.store.layout import Layout


class Dashboard(Overheard, dashboard.DashboardApp):
    """The app without animations, so that where it goes it is at once."""

    CSS_PATH = Path(dashboard.__file__).with_name("dashboard.tcss")


Build = Callable[..., Layout]  # (decided experiments, juniors)
Running = Callable[..., AbstractAsyncContextManager[tuple[Dashboard, Visitor]]]


def app_of(layout: Layout, verbs: Recorder | None = None, config: Mapping[str, Any] = ledgers.CONFIG) -> Dashboard:
    app = Dashboard(layout.ledger, layout, verbs or Recorder(), config, lambda: ledgers.NOW)
    app.animation_level = "none"
    return app


@asynccontextmanager
async def started(
    layout: Layout, verbs: Recorder | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Dashboard, Visitor]]:
    """The app, once it shows its first frame."""
    app = app_of(layout, verbs)
    async with app.run_test(size=size, notifications=True) as pilot:
        visitor = Visitor(pilot)
        await eventually(visitor, lambda: app.looked)
        yield app, visitor
