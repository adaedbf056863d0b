"""Symbols and figures."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from org.dashboard import figures
from org.dashboard.state import NO_CURVE, LabState
from org.dashboard.symbols import AGENT, CONTROL, EXPERIMENT, PROGRAM, Tone
from org.dashboard.widgets import numbers
from org.model import agent, experiment, program
from org.plots.progress import Bracket


def test_every_state_has_a_sign_of_one_cell_and_words() -> None:
    for states, signs in (
        (experiment.State, EXPERIMENT), (agent.State, AGENT), (agent.Control, CONTROL), (program.State, PROGRAM),
    ):  # fmt: skip
        assert set(signs) == set(states)
        assert all(cell_len(sign.symbol) == 1 and sign.words for sign in signs.values())


def test_no_two_states_of_an_experiment_read_the_same() -> None:
    assert len({sign.words for sign in EXPERIMENT.values()}) == len(EXPERIMENT)


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (41.9, "0:41"), (754, "12:34"), (3723, "1:02:03")])
def test_a_time_left_reads_as_a_clock(seconds: float, said: str) -> None:
    assert figures.clock(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(45, "45 s"), (720, "12 min"), (18000, "5 h"), (260000, "3 days")])
def test_a_past_time_is_rough(seconds: float, said: str) -> None:
    assert figures.ago(seconds) == said


def test_a_bar_is_as_long_as_its_cell() -> None:
    for fraction in (-1.0, 0.0, 0.33, 1.0, 7.0):
        assert len("".join(figures.bar(fraction, 12))) == 12


@pytest.mark.parametrize(("gain", "tone"), [(0.004, Tone.GOOD), (0.001, Tone.WARN), (-0.001, Tone.WARN), (-0.004, Tone.BAD)])
def test_what_fresh_seeds_say_is_good_only_where_it_is(gain: float, tone: Tone) -> None:
    fresh = Bracket(2.0, 2.0 - gain, gain, 0.002, 6, "optimizer")
    [believed] = [parts for label, parts in numbers.answers(LabState(curve=replace(NO_CURVE, fresh=fresh))) if label == "Believe"]
    assert (f"{gain:+.4f} ± 0.0020", tone, True) in believed[0]


def test_metrics_are_short_whatever_their_size() -> None:
    assert [figures.metric(v) for v in (None, 2.05214, 31.41592)] == ["–", "2.0521", "31.416"]
