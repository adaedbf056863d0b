"""Every screen in terminals of three sizes, of labs with 0, 10 and 10,000 experiments and 1, 8 and 64 agents, as a person
reads it. After a change on purpose: pytest tests/dashboard --snapshot-update, then read the difference.

One app a lab and a size, for starting one costs most. Colours are in test_dashboard_snapshots.py."""

from pathlib import Path

import many
import pytest
import screen
from settling import Visitor, eventually
from standing import app_of
from syrupy.assertion import SnapshotAssertion

from org.dashboard import keys, palette
from org.dashboard.app import VIEWS

SMALL, MIDDLE, LARGE = (80, 24), (160, 50), (320, 100)


@pytest.mark.parametrize(
    ("experiments", "juniors", "size", "theme"),
    [
        (0, 1, SMALL, "ansi-dark"),
        (10, 1, MIDDLE, palette.LIGHT.name),
        (10, 8, LARGE, palette.DARK.name),
        (10_000, 64, SMALL, palette.LIGHT.name),
        (10_000, 64, LARGE, palette.LIGHT.name),
    ],
)
async def test_every_screen_reads_as_it_did(
    experiments: int, juniors: int, size: tuple[int, int], theme: str, tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory, snapshot: SnapshotAssertion,
) -> None:  # fmt: skip
    layout = many.copied(tmp_path_factory.getbasetemp() / "many", tmp_path, experiments, juniors)
    app = app_of(layout, config=many.opened(layout).config.model_dump(mode="json"))
    shown = []
    async with app.run_test(size=size) as pilot:
        visitor = Visitor(pilot)
        await eventually(visitor, lambda: app.looked)
        app.theme = theme
        for number, name in enumerate(keys.TABS, start=1):
            await visitor.press(str(number))
            lines = screen.lines(app)
            children = [child for child in app.query_one(VIEWS[name]).children if child.display]
            assert children and all(app.screen.region.contains_region(child.region) for child in children)
            assert "q Quit" in lines[-1]
            shown.append("\n".join(line.rstrip() for line in lines))
    assert "\n\n".join(shown) == snapshot
