"""Which triggers and bindings this host serves, and a plain word about the others."""

import logging
import re
from collections.abc import Mapping, Sequence

from .functions import (
    ACTIVITY_TRIGGER,
    DURABLE_CLIENT,
    ENTITY_TRIGGER,
    HTTP_TRIGGER,
    ORCHESTRATION_TRIGGER,
    SERVICE_BUS_TRIGGER,
    TIMER_TRIGGER,
    AppLoadError,
    Function,
)

_log = logging.getLogger("Host.Startup")

# What listeners exist for; everything else is told about, not passed over in silence.
TRIGGERS = frozenset(
    {ACTIVITY_TRIGGER, HTTP_TRIGGER, ORCHESTRATION_TRIGGER, SERVICE_BUS_TRIGGER, TIMER_TRIGGER}
)
BINDINGS = frozenset({"http", DURABLE_CLIENT})
NO_ENTITIES = "this host does not run entities"

# The host's rule for names: a function of another name is left out in Azure.
_NAME = re.compile(r"(?!host$)[a-z][a-z0-9_-]{0,127}", re.IGNORECASE | re.ASCII)
_DURABLE = frozenset({ACTIVITY_TRIGGER, DURABLE_CLIENT, ENTITY_TRIGGER, ORCHESTRATION_TRIGGER})


def warn_of_unsupported(functions: Sequence[Function]) -> None:
    """Says which functions nothing will start here, so that nobody waits for them.

    Raises:
        AppLoadError: A function has a binding whose value this host could not provide or would
            have to throw away, or is registered by version 1 of the durable library, or takes
            a type of an SDK, or its name is none that Azure takes.
    """
    for function in functions:
        _refuse_name(function)
        # A warning, not an error: the app's other functions can be tried all the same.
        if function.trigger_type == ENTITY_TRIGGER:
            _log.warning("%s is a durable entity; %s", function.name, NO_ENTITIES)
        elif function.trigger_type not in TRIGGERS:
            _log.warning(
                "%s has a %s, which this host does not listen to; start it through "
                "POST /admin/functions/%s",
                function.name,
                function.trigger_type,
                function.name,
            )
        if function.has_retry_policy:
            _log.warning("the retry policy of %s is not applied by this host", function.name)
        _refuse_version_1(function)
        _refuse_sdk_types(function)
        _refuse_bindings(function)


def refuse_streams(capabilities: Mapping[str, object]) -> None:
    """Refuses an app whose HTTP functions take and give streams.

    Args:
        capabilities: What the worker says of itself once it has imported the app.

    Raises:
        AppLoadError: It listens for the requests itself, to be passed on by its host.
    """
    # Every request would wait for ever: the worker awaits it at an address nobody sends it to.
    if "HttpUri" in capabilities:
        raise AppLoadError(
            "the app's HTTP functions take requests as streams (azurefunctions-extensions-http-…), "
            "which this host does not serve; take func.HttpRequest and give func.HttpResponse"
        )


def _refuse_name(function: Function) -> None:
    if not _NAME.fullmatch(function.name):
        raise AppLoadError(
            f"'{function.name}' is not a valid function name: a letter first, then letters, "
            "digits, '_' and '-', 128 at most, and not 'host'"
        )


def _refuse_version_1(function: Function) -> None:
    for binding in function.bindings:
        # What version 2 tells the host with; version 1 would be sent what it cannot read.
        if binding["type"] in _DURABLE and not binding.get("durableRequiresGrpc"):
            raise AppLoadError(
                f"{function.name} is registered by azure-functions-durable 1.x, which this host "
                "does not serve; let the app bring version 2, under which orchestrators written "
                "for version 1 run as they are, or none"
            )


def _refuse_sdk_types(function: Function) -> None:
    for binding in function.bindings:
        # Refused, because every message would fail and end in the dead-letter queue.
        if (binding.get("properties") or {}).get("SupportsDeferredBinding"):
            raise AppLoadError(
                f"{function.name} takes {binding['name']} as a type of an SDK "
                "(azurefunctions-extensions-bindings-…), which this host does not make; take the "
                f"type of azure.functions, or disable the function with the app setting "
                f"AzureWebJobs.{function.name}.Disabled=1"
            )


def _refuse_bindings(function: Function) -> None:
    for binding in function.bindings:
        # Refused, because the function would run with nothing in its hands or write into nothing.
        if binding is not function.trigger and binding["type"] not in BINDINGS:
            raise AppLoadError(
                f"{function.name}: this host has no {binding['type']} binding; disable the "
                f"function with the app setting AzureWebJobs.{function.name}.Disabled=1"
            )
