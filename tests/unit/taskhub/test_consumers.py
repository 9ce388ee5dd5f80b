"""What a worker's request means."""

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub.consumers import Consumer, Wants


def consumer_for(*filters, activities=()):
    """A worker that filters by these names and versions."""
    request = pb.GetWorkItemsRequest(
        workItemFilters=pb.WorkItemFilters(
            orchestrations=[pb.OrchestrationFilter(name=n, versions=v) for n, v in filters],
            activities=[pb.ActivityFilter(name=n, versions=v) for n, v in activities],
        )
    )
    return Consumer(Wants.of(request))


def test_no_filter_takes_everything():
    """A worker that does not filter runs any orchestration."""
    consumer = Consumer(Wants.of(pb.GetWorkItemsRequest()))

    assert consumer.accepts_turn(("any", "9"))


def test_an_empty_filter_takes_nothing():
    """A worker that filters and lists nothing gets nothing."""
    assert not consumer_for().accepts_task(("any", ""))


def test_a_name_without_versions_takes_all_of_them():
    """Listing a name bare wins over listing it with versions, in either order."""
    first = consumer_for(("a", []), ("a", ["1"]))
    last = consumer_for(("a", ["1"]), ("a", []))

    assert first.accepts_turn(("a", "7"))
    assert last.accepts_turn(("a", "7"))


def test_versions_of_one_name_add_up():
    """Two entries for a name take the versions of both, and no other."""
    consumer = consumer_for(("a", ["1"]), ("a", ["2"]))

    taken = [version for version in ("1", "2", "3") if consumer.accepts_turn(("a", version))]

    assert ["1", "2"] == taken


def test_a_limit_of_zero_means_that_none_was_stated():
    """A worker that states no limit still gets work."""
    assert Consumer(Wants.of(pb.GetWorkItemsRequest())).has_room_for_turn
