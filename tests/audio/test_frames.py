from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.audio import frames
from bonafide.types import InputError

RATES = st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 16_001])


@given(st.integers(0, 10**9), RATES)
def test_samples_to_seconds_and_back(samples, rate):
    assert frames.to_samples(frames.to_seconds(samples, rate), rate) == samples


@given(st.decimals(0, 10_000, places=4), RATES)
def test_seconds_are_rounded_as_decimals(seconds, rate):
    exact = Fraction(seconds) * rate
    assert abs(frames.to_samples(float(seconds), rate) - exact) <= Fraction(1, 2)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_impossible_durations_are_refused(seconds):
    with pytest.raises(InputError, match="duration"):
        frames.to_samples(seconds, 16_000)


@pytest.mark.parametrize("rate", [0, -16_000])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(InputError, match="sample rate"):
        frames.to_seconds(1, rate)
    with pytest.raises(InputError, match="sample rate"):
        frames.resampled_length(1, rate, 16_000)


@given(st.integers(0, 10**7), RATES, RATES)
def test_resampled_samples_lie_before_the_end(samples, rate_from, rate_to):
    length = frames.resampled_length(samples, rate_from, rate_to)
    end = Fraction(samples, rate_from)
    assert samples == 0 or Fraction(length - 1, rate_to) < end
    assert Fraction(length, rate_to) >= end


@given(st.integers(0, 10**6), st.integers(1, 10**5), RATES, RATES, st.integers(0, 2000))
def test_a_span_holds_its_window_and_starts_on_the_shared_grid(start, length, rate_from, rate_to, margin):
    span = frames.span(start, length, rate_from, rate_to, margin)
    first, last = Fraction(start * rate_from, rate_to), Fraction((start + length) * rate_from, rate_to)
    assert Fraction(span.start, rate_from) == Fraction(start - span.skip, rate_to)
    assert span.skip >= 0
    assert span.start == 0 or span.start <= first - margin
    assert span.stop is not None
    assert span.stop >= last + margin


@given(st.integers(0, 500), st.integers(1, 50), st.integers(1, 50))
def test_as_few_windows_as_reach_the_end(samples, length, hop):
    count = frames.covering(samples, length, hop)
    reached = np.arange(count) * hop + length
    assert (samples == 0) == (count == 0)
    assert not count or reached[-1] >= samples
    assert not (reached[:-1] >= samples).any()
