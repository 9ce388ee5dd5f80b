"""Orchestrations as the management API shows them."""

from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue

from local.host.hub_json import parse_status, status_name, to_history, to_status

NOON = Timestamp(seconds=1_795_435_200)


def event(number: int, **kind: Any) -> pb.HistoryEvent:
    """A history event, a minute after the last."""
    stamp = Timestamp(seconds=NOON.seconds + 60 * number)
    return pb.HistoryEvent(eventId=number, timestamp=stamp, **kind)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (pb.ORCHESTRATION_STATUS_RUNNING, "Running"),
        (pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW, "ContinuedAsNew"),
        (pb.ORCHESTRATION_STATUS_TERMINATED, "Terminated"),
    ],
)
def test_statuses_have_the_api_s_names(status: int, name: str):
    """Both ways; reading ignores case."""
    assert (status_name(status), parse_status(name.upper())) == (name, status)


def test_an_unknown_status_is_none():
    """So that a filter can pass it over."""
    assert parse_status("Sleeping") is None


def test_a_status_holds_values_not_texts():
    """Input, output and custom status are parsed; what is not JSON stays text."""
    state = pb.OrchestrationState(
        instanceId="one",
        name="run",
        orchestrationStatus=pb.ORCHESTRATION_STATUS_TERMINATED,
        createdTimestamp=NOON,
        lastUpdatedTimestamp=NOON,
        input=StringValue(value='{"n": 1}'),
        output=StringValue(value="just a reason"),
    )

    assert to_status(state) == {
        "name": "run",
        "instanceId": "one",
        "runtimeStatus": "Terminated",
        "input": {"n": 1},
        "customStatus": None,
        "output": "just a reason",
        "createdTime": "2026-11-23T12:00:00Z",
        "lastUpdatedTime": "2026-11-23T12:00:00Z",
    }
    assert to_status(state, is_input_shown=False)["input"] is None


def test_a_failure_is_the_output():
    """Type and message, as one text."""
    details = pb.TaskFailureDetails(errorType="ValueError", errorMessage="bad")

    assert to_status(pb.OrchestrationState(failureDetails=details))["output"] == "ValueError: bad"


def test_an_outcome_takes_the_place_of_what_it_ends():
    """One entry for an activity: its name, when it was asked for and when it ended."""
    history = to_history(
        [
            event(0, orchestratorStarted=pb.OrchestratorStartedEvent()),
            event(1, taskScheduled=pb.TaskScheduledEvent(name="double")),
            event(2, timerCreated=pb.TimerCreatedEvent(fireAt=NOON)),
            event(
                3,
                taskCompleted=pb.TaskCompletedEvent(
                    taskScheduledId=1, result=StringValue(value="[4]")
                ),
            ),
        ],
        is_output_shown=True,
    )

    assert history == [
        {
            "EventType": "TimerCreated",
            "Timestamp": "2026-11-23T12:02:00Z",
            "FireAt": "2026-11-23T12:00:00Z",
        },
        {
            "EventType": "TaskCompleted",
            "Timestamp": "2026-11-23T12:03:00Z",
            "Result": [4],
            "ScheduledTime": "2026-11-23T12:01:00Z",
            "FunctionName": "double",
        },
    ]


def test_results_are_shown_on_request_only():
    """Without asking, history says what happened but not with which result."""
    completed = pb.TaskCompletedEvent(taskScheduledId=9, result=StringValue(value="1"))

    shown = to_history([event(1, taskCompleted=completed)], is_output_shown=False)

    assert shown == [{"EventType": "TaskCompleted", "Timestamp": "2026-11-23T12:01:00Z"}]


def test_a_failed_activity_shows_why():
    """Failure details are part of its entry."""
    details = pb.TaskFailureDetails(errorType="X", errorMessage="m")
    failed = pb.TaskFailedEvent(taskScheduledId=1, failureDetails=details)

    shown = to_history([event(1, taskFailed=failed)], is_output_shown=False)

    assert shown[0]["FailureDetails"] == {"errorType": "X", "errorMessage": "m"}
