"""The emulator's Config.json, read strictly."""

import json
from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from local.servicebus.config import load_config, parse_config, single_queue

SHIPPED = Path(__file__).parents[3] / "local" / "servicebus" / "config.json"


def document(*queues, **namespace):
    """A configuration with these queues."""
    space = {"Name": "sbemulatorns", "Queues": list(queues), **namespace}
    return {"UserConfig": {"Namespaces": [space], "Logging": {"Type": "File"}}}


def options(**properties):
    """The options of a queue with these properties."""
    return single_queue("q", **properties).queues[0].properties


def test_defaults_are_azures():
    """A queue without properties behaves as a new queue in Azure does."""
    queue = options()

    expected = (60_000, 10, None, False, 0)
    assert expected == (
        queue.lock_duration_ms,
        queue.max_delivery_count,
        queue.default_ttl_ms,
        queue.requires_session,
        queue.duplicate_window_ms,
    )


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [("PT30S", 30_000), ("PT0.5S", 500), ("PT5M", 300_000), ("PT1M30S", 90_000)],
)
def test_durations_are_iso_8601(text, expected_ms):
    """Durations are written as ISO 8601, as the emulator wants them."""
    assert expected_ms == options(LockDuration=text).lock_duration_ms


def test_long_durations_are_understood():
    """Days count too."""
    assert 14 * 86_400_000 == options(DefaultMessageTimeToLive="P14D").default_ttl_ms


def test_duplicate_window_counts_only_where_required():
    """The window is ignored unless the queue detects duplicates."""
    window = {"DuplicateDetectionHistoryTimeWindow": "PT20S"}

    assert 0 == options(**window).duplicate_window_ms
    required = options(RequiresDuplicateDetection=True, **window)
    assert 20_000 == required.duplicate_window_ms


def test_shipped_configuration_fits_the_app():
    """The app's queue has sessions, duplicate detection and five deliveries."""
    upgrades, rejected = load_config(SHIPPED).queues

    assert ("vault-upgrades", "vault-upgrades-rejected") == (upgrades.name, rejected.name)
    queue = upgrades.properties
    assert (True, 5, 60_000) == (
        queue.requires_session,
        queue.max_delivery_count,
        queue.lock_duration_ms,
    )
    assert 300_000 == queue.duplicate_window_ms


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"LockDuration": "PT6M"}, "at most PT5M"),
        ({"LockDuration": "1:00"}, "ISO 8601"),
        ({"LockDuration": 60}, "ISO 8601"),
        ({"LockDuration": "PT0S"}, "more than nothing"),
        ({"LockDuration": "PT0.0001S"}, "more than nothing"),
        ({"DefaultMessageTimeToLive": "PT0S"}, "more than nothing"),
        ({"DefaultMessageTimeToLive": "PT0.0001S"}, "more than nothing"),
        ({"MaxDeliveryCount": 0}, "greater than or equal to 1"),
        ({"MaxDeliveryCount": "many"}, "valid integer"),
        ({"ForwardTo": "elsewhere"}, "not supported"),
        ({"ForwardDeadLetteredMessagesTo": "elsewhere"}, "not supported"),
        ({"RequiresSesion": True}, "RequiresSesion: Extra inputs are not permitted"),
        (
            {"RequiresDuplicateDetection": True, "DuplicateDetectionHistoryTimeWindow": "PT1S"},
            "from PT20S to P7D",
        ),
    ],
)
def test_property_that_cannot_be_honoured_is_refused(properties, problem):
    """A property out of range, of the wrong type, misspelt or not supported stops the start."""
    with pytest.raises(ConfigurationError, match=problem):
        parse_config(document({"Name": "q", "Properties": properties}))


def test_every_problem_is_reported_at_once():
    """One run is enough to learn of all mistakes."""
    bad = document(
        {"Name": "a", "Properties": {"MaxDeliveryCount": 0}},
        {"Name": "b", "Properties": {"LockDuration": "soon"}},
    )

    with pytest.raises(ConfigurationError) as caught:
        parse_config(bad)

    assert "Queues.0.Properties.MaxDeliveryCount" in str(caught.value)
    assert "Queues.1.Properties.LockDuration" in str(caught.value)


def test_topics_are_refused():
    """Topics are not silently left out, and the reason is the broker's and not the file's."""
    with pytest.raises(ConfigurationError, match=r"Topics: .*queues only"):
        parse_config(document(Topics=[{"Name": "t"}]))


def test_empty_list_of_topics_is_fine():
    """The emulator's own sample has the member."""
    assert () == parse_config(document(Topics=[])).queues


def test_queue_names_differ_in_more_than_case():
    """Service Bus compares names without case."""
    with pytest.raises(ConfigurationError, match="occur twice"):
        parse_config(document({"Name": "Orders"}, {"Name": "orders"}))


@pytest.mark.parametrize(
    "bad", [None, [], {}, {"UserConfig": {}}, {"UserConfig": {"Namespaces": []}}]
)
def test_other_json_is_refused(bad):
    """What is no configuration at all is refused as one."""
    with pytest.raises(ConfigurationError):
        parse_config(bad)


def test_missing_file_is_named(tmp_path):
    """The error says which file."""
    with pytest.raises(ConfigurationError, match=r"absent\.json"):
        load_config(tmp_path / "absent.json")


def test_broken_file_is_named(tmp_path):
    """A file that is not JSON is refused with its name."""
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    with pytest.raises(ConfigurationError, match=r"broken\.json.*JSON"):
        load_config(broken)


def test_file_is_read(tmp_path):
    """A file gives the same as its content."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document({"Name": "q"})))

    assert parse_config(document({"Name": "q"})) == load_config(path)
