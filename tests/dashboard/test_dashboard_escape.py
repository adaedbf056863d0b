"""Esc alone, in a real terminal: Textual's own wait for input is what it is noticed by."""

import inspect
import os
import selectors

import pytest
from textual.drivers import linux_driver

from org.dashboard import escape


def test_waits_are_short_after_a_key_and_long_where_nobody_types(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    answers = [[], ["a key"], *[[]] * 5]
    monkeypatch.setattr(selectors.SelectSelector, "select", lambda self, timeout=None: waits.append(timeout) or answers.pop(0))
    with escape.Brief() as selector:
        for asked in (0.1, 0.1, 0.1, 0.0, None, 0.1, None):
            selector.select(asked)
    short = escape.WAIT_SECONDS
    assert waits == [0.1, 0.1, short, 0.0, short, 0.1, None]


def test_textual_waits_by_what_is_put_there_and_a_users_own_delay_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "selectors.SelectSelector()" in inspect.getsource(linux_driver.LinuxDriver.run_input_thread), "waits otherwise now"
    monkeypatch.setattr(linux_driver, "selectors", selectors)
    monkeypatch.setenv("ESCDELAY", "300")
    escape.hasten()
    assert linux_driver.selectors.SelectSelector is escape.Brief and linux_driver.selectors.EVENT_READ == selectors.EVENT_READ
    assert os.environ["ESCDELAY"] == "300"
