"""Times as the services write them."""

from datetime import UTC, datetime

import pytest

from domain.moments import parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-03-28T10:03:17Z", datetime(2017, 3, 28, 10, 3, 17, tzinfo=UTC)),
        ("2017-03-28T10:03:17.9915356Z", datetime(2017, 3, 28, 10, 3, 17, 991535, tzinfo=UTC)),
        ("2017-03-28T10:03:17.174831Z", datetime(2017, 3, 28, 10, 3, 17, 174831, tzinfo=UTC)),
        ("2017-03-28T12:03:17+02:00", datetime(2017, 3, 28, 10, 3, 17, tzinfo=UTC)),
        (" 2017-03-28T10:03:17 ", datetime(2017, 3, 28, 10, 3, 17, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(text: str, moment: datetime) -> None:
    """Seven digits, other offsets and none at all are understood."""
    assert moment == parse_moment(text)


@pytest.mark.parametrize(
    "value",
    [
        "2001-01-01T00:00:00Z",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-05:00",
        "",
        "yesterday",
        None,
        7,
    ],
)
def test_never_and_nonsense_are_no_moment(value: object) -> None:
    """The services' ways of saying never, and what is no time at all."""
    assert parse_moment(value) is None


def test_the_second_after_never_is_a_moment() -> None:
    """Only the very sentinel stands for never."""
    assert datetime(2001, 1, 1, 0, 0, 1, tzinfo=UTC) == parse_moment("2001-01-01T00:00:01Z")
