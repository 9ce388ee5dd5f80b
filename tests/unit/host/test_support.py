"""What this host serves, and what it says about the rest."""

import logging
from dataclasses import replace

import pytest

from local.host.functions import AppLoadError
from local.host.support import refuse_streams, warn_of_unsupported
from tests.unit.host.fakes import make_function


@pytest.mark.parametrize(
    ("trigger_type", "text"),
    [
        ("entityTrigger", "does not run entities"),
        ("blobTrigger", "POST /admin/functions/f"),
        ("httpTrigger", None),
        ("timerTrigger", None),
    ],
)
def test_functions_nothing_will_start_are_named(
    caplog: pytest.LogCaptureFixture, trigger_type: str, text: str | None
):
    """Nobody should wait for a function this host never starts."""
    with caplog.at_level(logging.WARNING):
        warn_of_unsupported([make_function("f", trigger_type, durableRequiresGrpc=True)])

    assert len(caplog.messages) == (text is not None)
    assert (text or "") in caplog.text


def test_a_retry_policy_is_said_to_have_no_effect(caplog: pytest.LogCaptureFixture):
    """Nobody should count on retries that do not happen."""
    function = replace(make_function("f", "timerTrigger"), has_retry_policy=True)
    with caplog.at_level(logging.WARNING):
        warn_of_unsupported([function])

    assert caplog.messages == ["the retry policy of f is not applied by this host"]


def test_a_binding_whose_value_would_be_lost_is_refused():
    """An output to nowhere is told at start, with how to go on without it."""
    function = make_function("f", "httpTrigger")
    bindings = [*function.bindings, {"type": "blob", "name": "out", "direction": "OUT"}]

    with pytest.raises(AppLoadError, match=r"no blob binding.*AzureWebJobs\.f\.Disabled=1"):
        warn_of_unsupported([replace(function, bindings=bindings)])


def test_version_1_of_the_durable_library_is_refused():
    """It speaks another language to its host; orchestrations would fail without saying why."""
    function = make_function("f", "orchestrationTrigger")

    with pytest.raises(AppLoadError, match=r"f is registered by azure-functions-durable 1\.x"):
        warn_of_unsupported([function])


def test_types_of_an_sdk_are_refused():
    """Each message would fail, and be buried."""
    properties = {"SupportsDeferredBinding": True}
    function = make_function("f", "serviceBusTrigger", properties=properties)

    with pytest.raises(AppLoadError, match=r"f takes given as a type of an SDK"):
        warn_of_unsupported([function])


def test_streams_are_refused():
    """The worker would wait for requests that nobody passes on to it."""
    with pytest.raises(AppLoadError, match="as streams"):
        refuse_streams({"HttpUri": "http://127.0.0.1:1"})


def test_an_app_without_streams_is_taken():
    """What else the worker can do does not matter here."""
    refuse_streams({"RpcHttpBodyOnly": "true"})


@pytest.mark.parametrize("name", ["_private", "größe", "a b", "1st", "Host", "x" * 129])
def test_names_azure_does_not_take_are_refused(name: str):
    """There such a function is left out, which nobody would notice here."""
    with pytest.raises(AppLoadError, match="is not a valid function name"):
        warn_of_unsupported([make_function(name, "httpTrigger")])


@pytest.mark.parametrize("name", ["hosts", "BuiltIn__HttpActivity", "read-vaults2"])
def test_other_names_are_taken(name: str):
    """Letters, digits, underscores and dashes."""
    warn_of_unsupported([make_function(name, "httpTrigger")])
