"""host.json: what of it matters on one machine, and a warning about what does not.

Values of ``AzureFunctionsJobHost__a__b`` settings override the file, as on the real host.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from .app_settings import AppSettings
from .functions import AppLoadError
from .json_files import read_json_file
from .time_spans import parse_time_span

_log = logging.getLogger("Host.Configuration")

OVERRIDE_PREFIX = "AzureFunctionsJobHost__"
DEFAULT_HUB_NAME = "TestHubName"
"""What the durable extension uses when host.json gives none and there is no site name."""
DEFAULT_CONCURRENCY_PER_CORE = 10
"""Of activities and of orchestrators each, outside the Consumption plan."""

# Read by this host. A branch ending in None is read whole by the module it belongs to.
_HONOURED: dict[str, Any] = {
    "version": None,
    "functionTimeout": None,
    "functions": None,
    "logging": {"logLevel": None},
    "extensions": {
        "http": {"routePrefix": None, "maxConcurrentRequests": None, "customHeaders": None},
        "serviceBus": {
            "prefetchCount": None,
            "autoCompleteMessages": None,
            "maxAutoLockRenewalDuration": None,
            "maxConcurrentCalls": None,
            "maxConcurrentSessions": None,
            "maxMessageBatchSize": None,
            "minMessageBatchSize": None,
            "maxBatchWaitTime": None,
            "sessionIdleTimeout": None,
            "clientRetryOptions": None,
        },
        "durableTask": {
            "hubName": None,
            "maxConcurrentActivityFunctions": None,
            "maxConcurrentOrchestratorFunctions": None,
        },
    },
}
# About storage, scale-out, telemetry or the extension bundle: no meaning on one machine.
_MEANINGLESS_HERE: dict[str, Any] = {
    "aggregator": None,
    "concurrency": None,
    "extensionBundle": None,
    "healthMonitor": None,
    "managedDependency": None,
    "singleton": None,
    "telemetryMode": None,
    "watchDirectories": None,
    "watchFiles": None,
    "logging": {
        "applicationInsights": None,
        "console": None,
        "fileLoggingMode": None,
        "logLevel": None,
    },
    "extensions": {
        "http": {"dynamicThrottlesEnabled": None, "hsts": None, "maxOutstandingRequests": None},
        "serviceBus": {"transportType": None},
        "durableTask": {
            "storageProvider": None,
            "tracing": None,
            "notifications": None,
            "maxConcurrentEntityFunctions": None,
            "extendedSessionsEnabled": None,
            "extendedSessionIdleTimeoutInSeconds": None,
            "useGracefulShutdown": None,
            "maxGrpcMessageSizeInBytes": None,
            "grpcHttpClientTimeout": None,
        },
    },
}


@dataclass(frozen=True, kw_only=True)
class HostConfig:
    """What the rest of the host reads from host.json."""

    route_prefix: str = "api"
    max_concurrent_requests: int | None = None
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    function_timeout: timedelta | None = None
    """None: no limit."""
    only_functions: frozenset[str] | None = None
    """Names to load when host.json lists some, else None: all."""
    log_levels: Mapping[str, str] = field(default_factory=dict)
    """Log category prefix → level name, as written."""
    hub_name: str = DEFAULT_HUB_NAME
    max_activities: int = 0
    max_orchestrations: int = 0
    service_bus: Mapping[str, Any] = field(default_factory=dict)
    """The raw section; :mod:`.service_bus_options` reads it."""


def load_host_config(app_directory: Path, settings: AppSettings) -> HostConfig:
    """Reads host.json and its overrides; warns once of every member that has no effect.

    Raises:
        AppLoadError: No host.json, not JSON, or a member has a value that cannot be used.
    """
    document = _read(app_directory / "host.json")
    # After the file, so that a setting can change what is deployed without deploying again.
    for path, value in settings.with_prefix(OVERRIDE_PREFIX).items():
        _set_override(document, path.split("__"), value)
    # A misspelt setting would otherwise be found only in production, by its absence.
    for name in unknown_members(document):
        _log.warning("host.json: %s is not known to this host and has no effect", name)
    try:
        return _to_config(document, settings)
    except (TypeError, ValueError) as error:
        raise AppLoadError(f"host.json: {error}") from error


def unknown_members(document: Mapping[str, Any]) -> list[str]:
    """The dotted names of members that are neither honoured nor known to mean nothing here."""
    return sorted(_unknown(document, (_HONOURED, _MEANINGLESS_HERE), ""))


def _unknown(
    document: Mapping[str, Any], known: tuple[dict[str, Any], ...], prefix: str
) -> Iterator[str]:
    for name, value in document.items():
        branches = [one[name] for one in known if name in one]
        deeper = tuple(branch for branch in branches if branch is not None)
        if not branches:
            yield prefix + name
        elif deeper and isinstance(value, dict):
            yield from _unknown(value, deeper, f"{prefix}{name}.")


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise AppLoadError(f"{path.parent} is not a function app: it has no host.json")
    try:
        document = read_json_file(path)
    except ValueError as error:
        raise AppLoadError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("version") != "2.0":
        raise AppLoadError(f'{path} must be an object with "version": "2.0"')
    return document


def _set_override(document: dict[str, Any], path: list[str], value: str) -> None:
    for name in path[:-1]:
        child = document.setdefault(name, {})
        if not isinstance(child, dict):
            raise AppLoadError(f"{OVERRIDE_PREFIX}{'__'.join(path)}: {name} is not an object")
        document = child
    document[path[-1]] = value


def _to_config(document: Mapping[str, Any], settings: AppSettings) -> HostConfig:
    http = _section(document, "extensions", "http")
    durable = _section(document, "extensions", "durableTask")
    # As the extension counts: per core of the machine, for activities and turns each.
    default_concurrency = DEFAULT_CONCURRENCY_PER_CORE * (os.cpu_count() or 1)
    listed = document.get("functions")
    if isinstance(listed, dict):
        # Overrides name list elements by index: AzureFunctionsJobHost__functions__0.
        listed = listed.values()
    # -1 is the real host's word for no limit.
    requests = int(http.get("maxConcurrentRequests", -1))
    return HostConfig(
        route_prefix=str(http.get("routePrefix", "api")).strip("/"),
        max_concurrent_requests=requests if requests > 0 else None,
        custom_headers=_section(document, "extensions", "http", "customHeaders"),
        function_timeout=_timeout(str(document.get("functionTimeout", "-1"))),
        only_functions=None if listed is None else frozenset(listed),
        log_levels=_section(document, "logging", "logLevel"),
        hub_name=settings.resolve(
            str(durable.get("hubName", DEFAULT_HUB_NAME)), what="host.json: durableTask.hubName"
        ),
        max_activities=_count(durable, "maxConcurrentActivityFunctions", default_concurrency),
        max_orchestrations=_count(
            durable, "maxConcurrentOrchestratorFunctions", default_concurrency
        ),
        service_bus=_section(document, "extensions", "serviceBus"),
    )


def _section(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    section = document
    for depth, name in enumerate(path, start=1):
        # Missing sections are common: a bare {"version": "2.0"} is a valid file.
        inner = section.get(name)
        if not isinstance(inner, dict | None):
            raise TypeError(f"{'.'.join(path[:depth])} must be an object, not {inner!r}")
        section = inner or {}
    return section


def _timeout(text: str) -> timedelta | None:
    return None if text == "-1" else parse_time_span(text)


# int() reads the text of an override as well as a number of the file.
def _count(section: Mapping[str, Any], name: str, default: int) -> int:
    count = int(section.get(name, default))
    if count < 1:
        raise ValueError(f"{name} must be at least 1, not {count}")
    return count
