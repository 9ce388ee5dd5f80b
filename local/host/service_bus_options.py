"""``extensions.serviceBus`` of host.json and the settings behind a trigger (service-bus 5)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .app_settings import AppSettings
from .functions import AppLoadError, Function
from .time_spans import parse_time_span

DEFAULT_CALLS_PER_CORE = 16
_MINUTE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class ServiceBusOptions:
    """How messages are received; durations in real seconds."""

    # The extension's own defaults (service-bus 5): an app must meet here what it meets in Azure.
    prefetch_count: int = 0
    auto_complete: bool = True
    max_lock_renewal_s: float = 5 * _MINUTE_S
    max_concurrent_calls: int = DEFAULT_CALLS_PER_CORE
    max_concurrent_sessions: int = 8
    max_batch_size: int = 1000
    min_batch_size: int = 1
    max_batch_wait_s: float = _MINUTE_S / 2
    session_idle_s: float = _MINUTE_S
    try_timeout_s: float = _MINUTE_S


def parse_options(section: Mapping[str, Any]) -> ServiceBusOptions:
    """The options of a host.json section.

    Raises:
        AppLoadError: A value is not of its kind.
    """
    try:
        return _parse(section)
    except (TypeError, ValueError) as error:
        raise AppLoadError(f"host.json: extensions.serviceBus: {error}") from error


def _parse(section: Mapping[str, Any]) -> ServiceBusOptions:
    def seconds(name: str, default_s: float, source: Mapping[str, Any] = section) -> float:
        text = source.get(name)
        return default_s if text is None else parse_time_span(str(text)).total_seconds()

    retry = section.get("clientRetryOptions", {})
    try_timeout_s = seconds("tryTimeout", _MINUTE_S, retry)
    # Per core, as the extension multiplies it (service-bus 5).
    calls = DEFAULT_CALLS_PER_CORE * (os.cpu_count() or 1)
    options = ServiceBusOptions(
        prefetch_count=int(section.get("prefetchCount", 0)),
        auto_complete=_flag(section.get("autoCompleteMessages", True)),
        max_lock_renewal_s=seconds("maxAutoLockRenewalDuration", 5 * _MINUTE_S),
        max_concurrent_calls=int(section.get("maxConcurrentCalls", calls)),
        max_concurrent_sessions=int(section.get("maxConcurrentSessions", 8)),
        max_batch_size=int(section.get("maxMessageBatchSize", 1000)),
        min_batch_size=int(section.get("minMessageBatchSize", 1)),
        max_batch_wait_s=seconds("maxBatchWaitTime", _MINUTE_S / 2),
        # The SDK's own default: without a time of its own a session is given up with one try.
        session_idle_s=seconds("sessionIdleTimeout", try_timeout_s),
        try_timeout_s=try_timeout_s,
    )
    # Zero would be a trigger that never runs, and says nothing about it.
    for name in ("max_concurrent_calls", "max_concurrent_sessions", "max_batch_size"):
        if getattr(options, name) < 1:
            raise ValueError(f"{name} must be at least 1")
    # It would wait for a batch that it may not receive, while the locks of what it has run out.
    if options.min_batch_size > options.max_batch_size:
        raise ValueError("minMessageBatchSize must be at most maxMessageBatchSize")
    return options


def _flag(value: object) -> bool:
    # Overrides by app settings are text, and any text is true to bool().
    flags = {"true": True, "false": False}
    text = str(value).lower()
    if text not in flags:
        raise ValueError(f"{value!r} is neither true nor false")
    return flags[text]


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What a trigger receives from."""

    queue: str | None
    topic: str | None
    subscription: str | None
    has_sessions: bool
    is_batch: bool
    auto_complete: bool
    connection_string: str | None
    namespace: str | None
    """Host name, when an identity is used instead of a connection string."""

    def __str__(self) -> str:
        return self.queue or f"{self.topic}/{self.subscription}"


def to_entity(function: Function, options: ServiceBusOptions, settings: AppSettings) -> Entity:
    """What a function's Service Bus trigger receives from, with ``%NAME%`` replaced.

    Raises:
        AppLoadError: A setting is missing.
    """
    trigger = function.trigger

    def member(name: str) -> str | None:
        text = trigger.get(name)
        return settings.resolve(str(text), what=f"{name} of {function.name}") if text else None

    # Named settings may carry the host's own prefix; the real host looks under both.
    connection = str(trigger.get("connection") or "AzureWebJobsServiceBus")
    text = settings.get(connection) or settings.get(f"AzureWebJobs{connection}")
    namespace = settings.get(f"{connection}__fullyQualifiedNamespace")
    if not text and not namespace:
        raise AppLoadError(
            f"{function.name}: set {connection} to a Service Bus connection string, or "
            f"{connection}__fullyQualifiedNamespace to a namespace"
        )
    # The decorator of one function goes before host.json, which speaks for all.
    own_choice = trigger.get("autoCompleteMessages")
    return Entity(
        queue=member("queueName"),
        topic=member("topicName"),
        subscription=member("subscriptionName"),
        has_sessions=bool(trigger.get("isSessionsEnabled")),
        is_batch=str(trigger.get("cardinality", "one")).lower() == "many",
        auto_complete=options.auto_complete if own_choice is None else bool(own_choice),
        connection_string=text,
        namespace=namespace,
    )
