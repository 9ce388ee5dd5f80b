"""What the property tests of the domain draw from."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import strategies as st

from domain.time_zones import windows_zones

TEN_YEARS_S = 10 * 365 * 86_400

moments = st.integers(0, TEN_YEARS_S).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
"""Moments of the years 2020 to 2029, UTC, to the second."""

zones = st.sampled_from(windows_zones())
"""Canonical Windows zone ids."""

clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
"""Local times of day, to the minute."""

run_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
"""Times of day a backup may run at."""
