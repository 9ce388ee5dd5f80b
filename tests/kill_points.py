"""Kills an activity at every point where a process could die: before and after each port call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from adapters.ports import Ports


class Killed(BaseException):
    """The process died here. Not an Exception: no handler in the product may see it."""


@dataclass(kw_only=True)
class KillSwitch:
    """Counts the points passed and kills at one of them."""

    kill_at: int | None = None
    passed: int = 0

    def point(self) -> None:
        """A point at which the process may die."""
        self.passed += 1
        if self.passed == self.kill_at:
            raise Killed


class Mortal:
    """A port whose calls may be the last thing that happens."""

    def __init__(self, port: Any, switch: KillSwitch) -> None:
        self._port = port
        self._switch = switch

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            self._switch.point()
            answer = await method(*arguments, **named)
            self._switch.point()
            return answer

        return call


def mortal(ports: Ports, switch: KillSwitch) -> Ports:
    """The same ports, each call of which passes two kill points."""
    return replace(
        ports,
        classic=Mortal(ports.classic, switch),
        classic_contents=Mortal(ports.classic_contents, switch),
        subscriptions=Mortal(ports.subscriptions, switch),
        recovery_services=Mortal(ports.recovery_services, switch),
        job_log=Mortal(ports.job_log, switch),
        exchanges=ports.exchanges,
        evidence=Mortal(ports.evidence, switch),
        queue=Mortal(ports.queue, switch),
    )


async def count_points(body: Callable[[Ports], Awaitable[Any]], ports: Ports) -> int:
    """How many kill points ``body`` passes when nothing kills it."""
    switch = KillSwitch()
    await body(mortal(ports, switch))
    return switch.passed
