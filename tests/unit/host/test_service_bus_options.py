"""``extensions.serviceBus`` and what a trigger receives from."""

from typing import Any

import pytest

from local.host.app_settings import AppSettings
from local.host.functions import AppLoadError
from local.host.service_bus_options import ServiceBusOptions, parse_options, to_entity
from tests.unit.host.fakes import make_function

OPTIONS = ServiceBusOptions()


def test_defaults_are_those_of_the_extension():
    """An empty section: 8 sessions, a minute of patience, five of lock renewal."""
    options = parse_options({})

    assert (options.max_concurrent_sessions, options.max_batch_size) == (8, 1000)
    assert (options.session_idle_s, options.max_lock_renewal_s) == (60.0, 300.0)
    assert options.auto_complete


def test_the_section_is_read():
    """Spans in .NET notation; the idle time follows the try time-out unless given."""
    options = parse_options(
        {
            "maxConcurrentSessions": 32,
            "autoCompleteMessages": False,
            "maxAutoLockRenewalDuration": "00:10:00",
            "clientRetryOptions": {"tryTimeout": "00:00:05"},
        }
    )

    assert (options.max_concurrent_sessions, options.auto_complete) == (32, False)
    assert (options.session_idle_s, options.try_timeout_s) == (5.0, 5.0)
    assert options.max_lock_renewal_s == 600.0


def test_a_setting_may_switch_completing_off():
    """An override from an app setting is text: ``false`` is not true."""
    assert not parse_options({"autoCompleteMessages": "False"}).auto_complete


@pytest.mark.parametrize(
    "section",
    [
        {"sessionIdleTimeout": "soon"},
        {"maxConcurrentCalls": 0},
        {"prefetchCount": "x"},
        {"maxMessageBatchSize": 8, "minMessageBatchSize": 9},
        {"autoCompleteMessages": "no"},
    ],
)
def test_malformed_options_are_refused(section: dict[str, Any]):
    """The error says where it stands."""
    with pytest.raises(AppLoadError, match=r"host\.json: extensions\.serviceBus: "):
        parse_options(section)


def test_a_queue_may_be_a_setting():
    """``%NAME%`` in the queue's name is looked up, the connection by its name."""
    function = make_function(
        "f", "serviceBusTrigger", queueName="%Q%", connection="Bus", isSessionsEnabled=True
    )
    entity = to_entity(function, OPTIONS, AppSettings({"Q": "vaults", "Bus": "Endpoint=x"}))

    assert (str(entity), entity.connection_string) == ("vaults", "Endpoint=x")
    assert (entity.has_sessions, entity.is_batch, entity.auto_complete) == (True, False, True)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"AzureWebJobsBus": "Endpoint=y"}, ("Endpoint=y", None)),
        ({"Bus__fullyQualifiedNamespace": "n.net"}, (None, "n.net")),
    ],
)
def test_connections_come_in_several_spellings(
    settings: dict[str, str], expected: tuple[str | None, str | None]
):
    """With the old prefix, or as an identity's namespace."""
    function = make_function("f", "serviceBusTrigger", queueName="q", connection="Bus")
    entity = to_entity(function, OPTIONS, AppSettings(settings))

    assert (entity.connection_string, entity.namespace) == expected


def test_a_missing_connection_says_what_to_set():
    """Both ways are named."""
    function = make_function("f", "serviceBusTrigger", queueName="q", connection="Bus")

    with pytest.raises(AppLoadError, match=r"set Bus to .* or Bus__fullyQualifiedNamespace"):
        to_entity(function, OPTIONS, AppSettings({}))


def test_a_trigger_decides_on_completion_itself():
    """The decorator wins over host.json; cardinality in any case."""
    function = make_function(
        "f",
        "serviceBusTrigger",
        topicName="t",
        subscriptionName="s",
        connection="Bus",
        cardinality="MANY",
        autoCompleteMessages=False,
    )
    entity = to_entity(function, OPTIONS, AppSettings({"Bus": "Endpoint=x"}))

    assert (str(entity), entity.is_batch, entity.auto_complete) == ("t/s", True, False)
