"""Histories written by earlier code replay on today's orchestrators (DESIGN rule 7).

A failure here means that instances in flight would break on deployment: give the change a new
orchestrator version or keep the old path, and leave the stored histories alone.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.json_format import ParseDict

from tests.workflow import execute, registry

HISTORIES = Path(__file__).parent / "histories"
LAST_TURN = 2
"""Events of the last turn: that it began, and what began it."""


def _stored() -> list[Any]:
    return [
        pytest.param(instance, id=f"{path.stem}:{instance['orchestrator']}:{instance_id[-8:]}")
        for path in sorted(HISTORIES.glob("*.json"))
        for instance_id, instance in json.loads(path.read_text()).items()
    ]


def _events(instance: dict[str, Any]) -> list[pb.HistoryEvent]:
    return [ParseDict(event, pb.HistoryEvent()) for event in instance["history"]]


def _instance_id(events: list[pb.HistoryEvent]) -> str:
    started = next(event for event in events if event.HasField("executionStarted"))
    return started.executionStarted.orchestrationInstance.instanceId


def _replay(events: list[pb.HistoryEvent]) -> pb.CompleteOrchestrationAction:
    past, new = events[:-LAST_TURN], events[-LAST_TURN:]
    (action,) = execute(registry(), _instance_id(events), past, new).actions
    return action.completeOrchestration


@pytest.mark.parametrize("instance", _stored())
def test_a_stored_history_ends_as_it_did(instance: dict[str, Any]) -> None:
    """Replayed to its last event, the orchestration completes with the recorded output."""
    end = _replay(_events(instance))

    assert (instance["status"], instance["output"]) == (
        pb.OrchestrationStatus.Name(end.orchestrationStatus).rpartition("_")[2],
        json.loads(end.result.value),
    )


def test_there_are_histories_to_replay() -> None:
    """An empty folder would pass every test above."""
    assert len(_stored()) >= 20


def test_a_changed_history_is_noticed() -> None:
    """The check bites: another activity in the history than the code calls fails the replay."""
    instance = json.loads(next(iter(sorted(HISTORIES.glob("clean-*.json")))).read_text())
    parent = next(one for one in instance.values() if one["orchestrator"] == "upgrade_vault")
    events = _events(parent)
    scheduled = next(event for event in events if event.HasField("taskScheduled"))
    scheduled.taskScheduled.name = "another_activity"

    end = _replay(events)

    assert "NonDeterminism" in end.failureDetails.errorType
