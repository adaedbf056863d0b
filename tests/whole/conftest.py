"""What a lab shows when a test of it fails: nobody is there to look at its panes."""

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    lab = getattr(item, "funcargs", {}).get("started")
    if lab is not None and report.failed and report.when == "call":
        report.sections.append(("the lab", lab.told()))
    return report
