"""Whether the other side is still there: the idle time-outs of AMQP 1.0 (part 2, section 2.4.5).

Both sides say how long they stand silence, and both send empty frames in time. Without that a peer
whose machine is gone, which says no goodbye, would keep its sessions locked until TCP gives up.
"""

from collections.abc import Callable

from local.servicebus.timeline import Timeline, Timer

ANNOUNCED_MS = 240_000
"""What the service tells its clients (service-bus 3.2)."""

_SHORTEST_BEAT_MS = 100
"""A client may ask for any pace; more often than this would be work and no news."""


class Liveness:
    """The heartbeats one connection sends, and the silence it stands.

    Args:
        timeline: Clock and scheduler.
        announced_ms: What the client was told. It must be silent for twice as long before it is
            given up: the standard has a peer announce half of what it means.
        beat: Sends an empty frame.
        give_up: Ends the connection, with the reason.
    """

    def __init__(
        self,
        timeline: Timeline,
        announced_ms: int,
        *,
        beat: Callable[[], None],
        give_up: Callable[[str], None],
    ) -> None:
        self._timeline = timeline
        self._patience_ms = 2 * announced_ms
        self._beat = beat
        self._give_up = give_up
        self._heard_ms = timeline.now_ms()
        self._heartbeat: Timer | None = None
        self._listen()

    def heard(self) -> None:
        """Something came; whatever it was, the client is there."""
        self._heard_ms = self._timeline.now_ms()

    def send_beats(self, asked_ms: int) -> None:
        """Sends heartbeats for a client that stands ``asked_ms`` of silence."""
        # Twice as often as it asks, so that a busy machine is not taken for a dead one.
        pause_ms = max(asked_ms // 2, _SHORTEST_BEAT_MS)

        def beat() -> None:
            self._beat()
            self._heartbeat = self._timeline.call_at(self._timeline.now_ms() + pause_ms, beat)

        beat()

    def stop(self) -> None:
        """The connection is over."""
        self._listener.cancel()
        if self._heartbeat is not None:
            self._heartbeat.cancel()

    def _listen(self) -> None:
        # One timer that looks when it fires; moving it with every frame would cost more than that.
        self._listener = self._timeline.call_at(self._heard_ms + self._patience_ms, self._look)

    def _look(self) -> None:
        if self._timeline.now_ms() - self._heard_ms < self._patience_ms:
            self._listen()
            return
        self._give_up(f"Nothing was heard for {self._patience_ms} ms.")
