"""The app over a lab of a test, standing in a terminal of some size, with a frozen clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import ledgers
from eventually import eventually
from recorder import Recorder
from textual.pilot import Pilot

from org.dashboard.app import DashboardApp
from org.store.layout import Layout

Build = Callable[..., Layout]  # (decided experiments, juniors)
Running = Callable[..., AbstractAsyncContextManager[tuple[DashboardApp, Pilot[None]]]]


def app_of(layout: Layout, verbs: Recorder | None = None) -> DashboardApp:
    return DashboardApp(layout.ledger, layout, verbs or Recorder(), ledgers.CONFIG, lambda: ledgers.NOW)


@asynccontextmanager
async def started(
    layout: Layout, verbs: Recorder | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[DashboardApp, Pilot[None]]]:
    """The app, once it shows its first frame."""
    app = app_of(layout, verbs)
    async with app.run_test(size=size, notifications=True) as pilot:
        await eventually(pilot, lambda: app.looked)
        await pilot.pause()
        yield app, pilot
