"""Certificates: the golden numbers of e-LOND, and how rarely it errs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import certificate, sigma
from org.science.protocol import Protocol

P = Protocol()
H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
OLD = [0.99480, 0.99530, 0.99470, 0.99540]
SPREAD, DF = sigma.pooled([H], 5.5e-4, 10)


@pytest.mark.parametrize(("merge", "before", "needed"), [(1, 0, 45.7), (2, 1, 69.3), (10, 9, 182.0), (20, 15, 344.8)])
def test_the_evidence_that_a_merge_needs(merge, before, needed):
    assert round(certificate.needed(merge, before, P), 1) == needed


def test_a_real_gain_is_certified():
    got = certificate.certify(OLD, [0.99260, 0.99310, 0.99280, 0.99240], SPREAD, DF, merge=3, certified_before=2, protocol=P)
    assert got.z == pytest.approx(4.3946, abs=2e-3) and got.e == pytest.approx(4158, rel=1e-2)
    assert got.certified and got.reason == f"e {got.e:.4g} reaches 88.38 for merge 3 after 2 certificates"


def test_a_small_one_is_not():
    got = certificate.certify(OLD, [0.99440, 0.99450, 0.99400, 0.99430], SPREAD, DF, merge=3, certified_before=2, protocol=P)
    assert (got.z, got.e) == pytest.approx((1.8493, 2.552), rel=1e-3)
    assert not got.certified and 0 < got.shrunk_gain < got.gain


def test_the_golden_evidence_is_exact_at_the_printed_spread():
    got = certificate.certify(OLD, [0.99260, 0.99310, 0.99280, 0.99240], 5.36327e-4, 17, merge=3, certified_before=2, protocol=P)
    assert round(got.z, 4) == 4.3946


def test_a_headline_is_the_fresh_head_against_the_root():
    got = certificate.headline([1.0] * 8, [0.99] * 8, 1e-3, 40, P)
    assert (got.gain, got.runs) == (pytest.approx(0.01), 8) and got.e > 1e6 and got.shrunk_gain < got.gain


@given(st.integers(1, 200), st.integers(0, 50))
def test_later_merges_need_more_and_certificates_given_make_it_easier(merge, before):
    before = min(before, merge - 1)
    assert certificate.needed(merge + 1, before, P) > certificate.needed(merge, before, P)
    assert certificate.needed(merge, before + 1, P) < certificate.needed(merge, before, P)


def test_the_levels_of_all_merges_sum_to_the_rate():
    assert sum(1 / certificate.needed(t, 0, P) for t in range(1, 20000)) == pytest.approx(0.05, rel=0.01)


def test_null_merges_are_almost_never_certified():
    rng = np.random.default_rng(1)
    certified = 0
    for _ in range(200):
        for merge in range(1, 11):
            old, new = rng.normal(100, 1, size=(2, 4))
            certified += certificate.certify(list(old), list(new), 1.0, 40, merge=merge, certified_before=0, protocol=P).certified
    assert certified <= 3  # at most 5 % of 200 streams by the bound
