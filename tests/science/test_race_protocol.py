"""The constants: presets by name, and when a baseline run is too old."""

import pytest

from org.model.errors import ConfigError
from org.science.protocol import Protocol, is_stale, preset


@pytest.mark.parametrize(("name", "alpha"), [("explore", 0.05), ("default", 0.005), ("strict", 0.001)])
def test_a_preset_has_its_alpha(name, alpha):
    assert preset(name).alpha == alpha


def test_an_unknown_preset_names_its_neighbour():
    with pytest.raises(ConfigError, match="'stict' is unknown; did you mean 'strict'"):
        preset("stict")


def test_the_prior_of_effects_sums_to_one():
    prior = Protocol().prior
    assert prior.null + sum(w for w, _ in prior.harms + prior.gains) == pytest.approx(1.0)


@pytest.mark.parametrize(("runs", "hours", "stale"), [(40, 12.0, False), (41, 0.0, True), (0, 12.1, True)])
def test_a_baseline_run_ages_by_runs_and_by_hours(runs, hours, stale):
    assert is_stale(runs, hours, Protocol()) is stale
