"""Moments and payloads in history events."""

from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from local.taskhub import events

# From 1970 to the end of 9999, what protobuf timestamps allow.
MOMENTS = st.integers(min_value=0, max_value=253_402_300_799_999_999)


@given(MOMENTS)
def test_a_moment_survives_protobuf_to_the_microsecond(moment_us):
    """Due times do not drift on their way through the history."""
    assert moment_us == events.to_us(events.to_timestamp(moment_us))


def test_no_payload_is_not_an_empty_payload():
    """None stays absent, an empty string stays present."""
    absent = events.event_raised(0, "go", None).eventRaised
    empty = events.event_raised(0, "go", "").eventRaised

    assert [False, True] == [absent.HasField("input"), empty.HasField("input")]


def test_a_failed_activity_keeps_its_inner_failures():
    """The whole chain of causes goes into the history."""
    response = pb.ActivityResponse(taskId=3)
    response.failureDetails.innerFailure.errorMessage = "root"

    event = events.task_ended(0, response)

    assert "root" == event.taskFailed.failureDetails.innerFailure.errorMessage
