"""The hub's time: never backwards, the same after a restart, movable to another rate."""

from datetime import UTC, datetime

import pytest

from adapters.clock import ScaledClock
from domain.errors import ConfigurationError
from local.taskhub.hubclock import HubClock, open_clock, resume_clock
from local.taskhub.store import Store


class Wall:
    """A wall clock that tests turn."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall():
    """A wall clock that stands until it is turned."""
    return Wall()


@pytest.fixture
def lived(tmp_path, wall):
    """A hub that ran at rate 100 for a hundred real seconds."""
    path = tmp_path / "hub.sqlite"
    store = Store(path)
    clock = open_clock(store.writing, ScaledClock(100.0, real_time=wall), path)
    wall.now += 100
    store.writing.execute("update progress set virtual_us = ?", (clock.now_us(),))
    store.close()
    return path


def test_a_step_back_of_the_wall_clock_stops_time(wall):
    """Virtual time stands still until the wall clock has caught up."""
    clock = HubClock(ScaledClock(real_time=wall))
    before = clock.now_us()
    wall.now -= 30

    assert before == clock.now_us()


def test_waiting_is_counted_in_real_seconds(wall):
    """An hour at rate 3600 is a second."""
    clock = HubClock(ScaledClock(3600.0, real_time=wall))

    assert 1.0 == pytest.approx(clock.real_s_until(clock.now_us() + 3_600_000_000))


def test_a_new_file_starts_a_new_clock(tmp_path, wall):
    """Without a file there is nothing to go on with."""
    clock = resume_clock(tmp_path / "none.sqlite", 5.0, real_time=wall)

    assert (5.0, wall.now) == (clock.rate, clock.origin)


def test_the_same_clock_goes_on_without_arguments(lived, wall):
    """Rate and origin come from the file."""
    clock = resume_clock(lived, real_time=wall)

    assert (100.0, 1_000_000.0) == (clock.rate, clock.origin)


@pytest.mark.parametrize("rate", [2.0, 1000.0, 0.5])
def test_another_rate_starts_from_the_same_moment(lived, wall, rate):
    """Faster or slower, virtual time does not jump when the rate changes."""
    clock = resume_clock(lived, rate, real_time=wall)

    moment = datetime.fromtimestamp(1_000_000 + 10_000, UTC)
    assert rate == clock.rate
    assert abs((clock.now() - moment).total_seconds()) < 0.001


def test_the_wall_clock_is_refused_for_a_file_that_is_ahead(lived, wall):
    """Rate 1 would turn time back; the message says which clock goes on."""
    with pytest.raises(ConfigurationError) as caught:
        resume_clock(lived, 1.0, real_time=wall)

    assert "backwards" in str(caught.value)
    assert "--clock-rate 100.0" in caught.value.what_to_do


def test_the_wall_clock_is_taken_once_it_has_caught_up(lived, wall):
    """When real time has passed virtual time, rate 1 is fine."""
    wall.now = 2_000_000_000.0
    store = Store(lived)
    store.writing.execute("update meta set value = '1.5' where key = 'clock_rate'")
    store.writing.execute("update meta set value = '2000000000.0' where key = 'clock_origin'")
    store.close()

    assert 1.0 == resume_clock(lived, 1.0, real_time=wall).rate


def test_a_clock_behind_the_file_is_refused_at_opening(lived, wall):
    """An explicit origin that turns time back does not open the hub."""
    store = Store(lived)

    with pytest.raises(ConfigurationError) as caught:
        open_clock(store.writing, ScaledClock(100.0, wall.now, real_time=wall), lived)

    store.close()
    assert "backwards" in str(caught.value)


def test_a_damaged_file_is_left_to_the_opening(tmp_path, wall):
    """The clock does not complain about a file that is no hub; opening it does, and better."""
    path = tmp_path / "hub.sqlite"
    path.write_text("nothing")

    assert 1.0 == resume_clock(path, real_time=wall).rate


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_what_is_no_rate_is_refused(tmp_path, rate):
    """Nothing, backwards, or past every date there is."""
    with pytest.raises(ConfigurationError, match="--clock-rate"):
        resume_clock(tmp_path / "hub.sqlite", rate)


@pytest.mark.parametrize("origin", [-1.0, float("nan"), 1e300])
def test_what_is_no_moment_is_refused(tmp_path, origin):
    """An origin is Unix seconds."""
    with pytest.raises(ConfigurationError, match="--clock-origin"):
        resume_clock(tmp_path / "hub.sqlite", 2.0, origin)


def test_a_machine_whose_clock_went_back_is_told(tmp_path, wall):
    """At rate 1 no origin would help; the machine's clock is what is wrong."""
    path = tmp_path / "hub.sqlite"
    store = Store(path)
    store.writing.execute("update progress set virtual_us = ?", (int(wall.now + 7200) * 10**6,))
    open_clock(store.writing, ScaledClock(1.0, real_time=lambda: wall.now + 7200), path)

    with pytest.raises(ConfigurationError) as caught:
        open_clock(store.writing, ScaledClock(1.0, real_time=wall), path)

    store.close()
    assert "machine's clock" in caught.value.what_to_do
