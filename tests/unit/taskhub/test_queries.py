"""Reading instances from the file."""

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from local.taskhub import events, queries
from local.taskhub.errors import RefusalError
from tests.unit.taskhub.ledger import NOON_US, call, complete


def state_of(ledger, *, with_payloads=True):
    """The state of the instance ``one``."""
    answer = queries.get_instance(ledger.db, "one", with_payloads=with_payloads)
    return answer.orchestrationState


def ids(page):
    """The ids on a page of states."""
    return [state.instanceId for state in page.orchestrationState]


def query(**more):
    """A query by clients."""
    return pb.InstanceQuery(**more)


def test_an_unknown_instance_does_not_exist(ledger):
    """That is an answer, not an error."""
    assert not queries.get_instance(ledger.db, "one", with_payloads=True).exists


def test_payloads_are_left_out_unless_wanted(ledger):
    """Input and output can be large."""
    ledger.begin(input='"in"')
    ledger.turn(complete(result='"out"'))

    full, lean = state_of(ledger), state_of(ledger, with_payloads=False)

    assert ('"in"', '"out"') == (full.input.value, full.output.value)
    assert [False, False] == [lean.HasField("input"), lean.HasField("output")]


def test_a_state_tells_when_everything_happened(ledger):
    """Creation, last change and end are moments in virtual time."""
    ledger.begin()
    ledger.now_us += 1_000_000
    ledger.turn(complete(result="1"))

    state = state_of(ledger)

    moments = (state.createdTimestamp, state.lastUpdatedTimestamp, state.completedTimestamp)
    assert [NOON_US, NOON_US + 1_000_000, NOON_US + 1_000_000] == [
        events.to_us(moment) for moment in moments
    ]


def test_a_failed_state_keeps_the_chain_of_causes(ledger):
    """Inner failures and stacks come back as they went in."""
    failure = events.failure("Outer", "it failed")
    failure.innerFailure.CopyFrom(events.failure("Inner", "because"))
    failure.innerFailure.stackTrace.value = "line 1"
    ledger.begin()
    ledger.turn(complete(pb.ORCHESTRATION_STATUS_FAILED, failureDetails=failure))

    assert failure == state_of(ledger).failureDetails


def test_pages_of_instances_born_in_one_moment_do_not_overlap(ledger):
    """The id decides where creation times are equal."""
    for number in range(5):
        ledger.begin(f"i{number}")

    pages, token = [], None
    for _ in range(3):
        page = queries.query_instances(
            ledger.db, query(maxInstanceCount=2, continuationToken=events.optional(token))
        )
        pages.append(ids(page))
        token = page.continuationToken.value

    assert [["i0", "i1"], ["i2", "i3"], ["i4"]] == pages
    assert "" == token


def test_a_full_last_page_has_no_successor(ledger):
    """Exactly as many instances as fit do not promise another page."""
    for number in range(2):
        ledger.begin(f"i{number}")

    page = queries.query_instances(ledger.db, query(maxInstanceCount=2))

    assert not page.HasField("continuationToken")


def test_a_prefix_is_taken_literally(ledger):
    """Signs that mean something to SQL mean nothing here."""
    for name in ("a%b", "axb", "a_b"):
        ledger.begin(name)

    found = [
        ids(queries.query_instances(ledger.db, query(instanceIdPrefix=events.optional(prefix))))
        for prefix in ("a%", "a_")
    ]

    assert [["a%b"], ["a_b"]] == found


@pytest.mark.parametrize("token", ["page two", "12", "x|one", "-1|one"])
def test_a_foreign_token_is_refused(ledger, token):
    """It says where to start again."""
    with pytest.raises(RefusalError) as caught:
        queries.query_instances(ledger.db, query(continuationToken=events.optional(token)))

    assert grpc.StatusCode.INVALID_ARGUMENT == caught.value.code
    assert "first page" in caught.value.what_to_do


def test_a_history_is_read_across_turns(ledger):
    """Turn after turn, in one list."""
    ledger.begin()
    ledger.turn(call(1))
    ledger.turn(call(2))

    ids_of_steps = [
        event.eventId
        for event in queries.read_history(ledger.db, "one")
        if event.HasField("taskScheduled")
    ]

    assert [1, 2] == ids_of_steps


def test_the_history_of_an_unknown_instance_is_refused(ledger):
    """No history is not an empty history."""
    with pytest.raises(RefusalError) as caught:
        queries.existing_history(ledger.db, "one")

    assert grpc.StatusCode.NOT_FOUND == caught.value.code


@given(st.lists(st.integers(0, 600_000), max_size=12))
def test_chunks_put_together_are_the_history(sizes):
    """Nothing is lost or moved, and no chunk is larger than it must be."""
    history = [events.event_raised(0, "e", "x" * size) for size in sizes]

    chunks = list(queries.chunked(history))

    assert history == [event for chunk in chunks for event in chunk.events]
    assert all(
        chunk.ByteSize() <= queries.CHUNK_BYTES + 1000 or len(chunk.events) == 1 for chunk in chunks
    )
