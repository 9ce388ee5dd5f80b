"""Puts the real adapters together (the composition root's only call)."""

import logging
from typing import Protocol, runtime_checkable

from adapters.classic_api import ClassicApi
from adapters.classic_contents import ClassicContentsApi
from adapters.clock import ScaledClock
from adapters.estate_map_file import load_estate_map
from adapters.evidence_stores import evidence_store
from adapters.exchange_log import TaskExchangeLog
from adapters.log_analytics import LogAnalytics
from adapters.loop_clients import loop_clients
from adapters.ports import Ports
from adapters.recovery_services import RecoveryServicesApi
from adapters.redaction import redact_logs
from adapters.service_bus import ServiceBusQueue
from adapters.settings import Settings
from adapters.subscriptions import SubscriptionsApi
from adapters.throttle import Throttle


@runtime_checkable
class Closable(Protocol):
    """An adapter that holds connections."""

    async def aclose(self) -> None:
        """Closes those of the running loop."""
        ...


def build_ports(settings: Settings) -> Ports:
    """The ports of one process; opens no connection until something is asked.

    Raises:
        ConfigurationError: The estate map cannot be read.
    """
    # First: whatever is logged from here on may quote a setting or an answer.
    redact_logs()
    _quiet_libraries()
    clock = ScaledClock(settings.clock_rate, settings.clock_origin)
    clients = loop_clients(settings, Throttle())
    return Ports(
        classic=ClassicApi(clients, clock),
        classic_contents=ClassicContentsApi(clients, clock),
        subscriptions=SubscriptionsApi(clients, clock),
        recovery_services=RecoveryServicesApi(clients, clock),
        job_log=LogAnalytics(clients, clock),
        exchanges=TaskExchangeLog(),
        evidence=evidence_store(settings),
        queue=ServiceBusQueue(settings),
        clock=clock,
        estate_map=load_estate_map(settings.estate_map),
        scope=settings.subscriptions,
    )


def _quiet_libraries() -> None:
    # At the usual level these write a dozen lines for every request; evidence keeps the ids.
    for name in ("azure.core", "azure.identity", "azure.servicebus", "azure.storage"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


async def close_ports(ports: Ports) -> None:
    """Closes every connection that the running loop holds; another use opens new ones."""
    # Clients are shared, so closing one adapter closes the others' too; closing twice is harmless.
    adapters = (
        ports.classic,
        ports.classic_contents,
        ports.subscriptions,
        ports.recovery_services,
        ports.job_log,
        ports.queue,
        ports.evidence,
    )
    for adapter in adapters:
        if isinstance(adapter, Closable):
            await adapter.aclose()
