"""NCRONTAB schedules, checked by hand and against croniter where the two agree."""

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from local.host.schedules import CronSchedule, IntervalSchedule, parse_schedule

MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001, hypothesis adds the zone
    max_value=datetime(2035, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def at(text: str) -> datetime:
    """A moment of 2026, UTC."""
    return datetime.fromisoformat(f"2026-{text}+00:00")


def following(expression: str, text: str, count: int = 1) -> list[str]:
    """The next due moments after one of 2026."""
    moment, due = at(text), []
    for _ in range(count):
        moment = CronSchedule(expression).next_after(moment)
        due.append(moment.strftime("%Y-%m-%dT%H:%M:%S"))
    return due


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 0 3 * * *", "11-23T00:00:00", "2026-11-23T03:00:00"),
        ("0 0 3 * * *", "11-23T03:00:00", "2026-11-24T03:00:00"),
        ("*/30 * * * * *", "11-23T00:00:00", "2026-11-23T00:00:30"),
        ("0 */5 * * * *", "11-23T00:57:01", "2026-11-23T01:00:00"),
        ("5/20 * * * * *", "11-23T00:00:05", "2026-11-23T00:00:25"),
        ("5/20 * * * * *", "11-23T00:00:46", "2026-11-23T00:01:05"),
        ("0 30 9 * Jan Mon", "11-23T00:00:00", "2027-01-04T09:30:00"),
        ("0 30 9 * january MONDAY", "11-23T00:00:00", "2027-01-04T09:30:00"),
        ("0 0 0 * * 0", "11-23T00:00:00", "2026-11-29T00:00:00"),
        ("0 0 0 29 2 *", "11-23T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 0 31 * *", "11-23T00:00:00", "2026-12-31T00:00:00"),
        ("30 9 * * *", "11-23T00:00:00", "2026-11-23T09:30:00"),
        ("0 0 17-9 * * *", "11-23T08:00:00", "2026-11-23T09:00:00"),
        ("0 0 9-17/4 * * *", "11-23T13:00:00", "2026-11-23T17:00:00"),
        ("0 0 1,5 * * *", "11-23T01:00:00", "2026-11-23T05:00:00"),
        ("0 0 0 1 1 *", "12-31T23:59:59", "2027-01-01T00:00:00"),
    ],
)
def test_the_next_due_moment(expression: str, after: str, expected: str):
    """Six or five fields, lists, steps, names, ranges written either way."""
    assert following(expression, after) == [expected]


def test_both_day_fields_must_fit():
    """Unlike cron, a Friday is only due when it is also the 13th."""
    due = following("0 0 0 13 * Fri", "01-01T00:00:00", count=2)

    assert due == ["2026-02-13T00:00:00", "2026-03-13T00:00:00"]


def test_fractions_of_a_second_do_not_repeat_a_moment():
    """The moment just passed is not due again."""
    moment = datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)

    assert CronSchedule("* * * * * *").next_after(moment) == datetime(
        2026, 1, 1, 0, 0, 1, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 0 30 2 *",
        "0 0 0 * * 7",
        "60 * * * * *",
        "0 0 0 0 * *",
        "* * * *",
        "0 0 3 * * * *",
        "x * * * * *",
        "*/x * * * * *",
        "0 0 0 , * *",
        "1- * * * * *",
    ],
)
def test_what_never_comes_or_means_nothing_is_refused(expression: str):
    """A day that does not exist, values out of range and typing errors are told."""
    with pytest.raises(ValueError, match=r"."):
        CronSchedule(expression)


@given(
    second=st.sampled_from(["0", "*/7", "5-50/3", "1,2,59", "*"]),
    minute=st.sampled_from(["0", "*/15", "3-9", "*"]),
    hour=st.sampled_from(["3", "*/6", "9-17", "*"]),
    day=st.sampled_from(["1", "*/5", "15,31", "*"]),
    month=st.sampled_from(["*", "2", "1-6", "*/5"]),
    moment=MOMENTS,
)
def test_it_agrees_with_cron_where_week_days_do_not_matter(
    second: str, minute: str, hour: str, day: str, month: str, moment: datetime
):
    """With any day of the week, the next moment is cron's."""
    moment = moment.replace(microsecond=0)
    cron = croniter(f"{minute} {hour} {day} {month} * {second}", moment)

    schedule = CronSchedule(f"{second} {minute} {hour} {day} {month} *")

    assert schedule.next_after(moment) == cron.get_next(datetime)


@given(week_day=st.integers(0, 6), hour=st.integers(0, 23), moment=MOMENTS)
def test_it_agrees_with_cron_on_week_days(week_day: int, hour: int, moment: datetime):
    """With any day of the month, days of the week are cron's."""
    moment = moment.replace(microsecond=0)
    cron = croniter(f"0 {hour} * * {week_day}", moment)

    schedule = CronSchedule(f"0 0 {hour} * * {week_day}")

    assert schedule.next_after(moment) == cron.get_next(datetime)


def test_a_time_span_is_an_interval():
    """``00:05:00`` is due five minutes after the last time."""
    schedule = parse_schedule("00:05:00")

    assert isinstance(schedule, IntervalSchedule)
    assert schedule.next_after(at("01-01T00:00:07")) == at("01-01T00:05:07")
    assert str(schedule) == "Constant: 00:05:00"


def test_no_interval_at_all_is_refused():
    """A timer cannot be due all the time."""
    with pytest.raises(ValueError, match="longer than nothing"):
        IntervalSchedule(timedelta())


def test_an_expression_with_spaces_is_ncrontab():
    """Which of the two it is shows in its spaces."""
    assert str(parse_schedule(" 0 0 3 * * * ")) == "Cron: '0 0 3 * * *'"
