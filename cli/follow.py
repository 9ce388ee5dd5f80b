"""Follows upgrades to their ends by looking at the app again and again."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cli.api_client import ApiClient
from cli.progress import Progress
from cli.views import Accepted, UpgradeView
from domain.errors import NotFoundError, ThrottledError, UnavailableError, VaultliftError

OUTAGE_LIMIT_S = 120.0
"""The app may restart while it is followed; longer than this it is gone."""

PICKUP_LIMIT_S = 300.0
"""From the moment an upgrade was accepted until its run shows. The queue takes seconds; after
this the message was refused or nobody listens."""

SINGLE_READS = 25
"""With more upgrades than this on the way, listing pages is cheaper than a read for each."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often to look, and by which clock; tests bring their own."""

    interval_s: float = 2.0
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(kw_only=True)
class Watch:
    """The upgrades of one request and what is known of each."""

    client: ApiClient
    request_id: str
    accepted: Mapping[str, Accepted]
    views: dict[str, UpgradeView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Until its run shows, an accepted upgrade is queued."""
        self.views = {upgrade.id: upgrade.as_queued() for upgrade in self.accepted.values()}

    @property
    def outstanding(self) -> tuple[str, ...]:
        """Ids of the upgrades that have not ended."""
        return tuple(view.id for view in self.views.values() if view.end_state is None)

    @property
    def queued(self) -> tuple[UpgradeView, ...]:
        """The upgrades whose run has not shown yet."""
        return tuple(
            view for view in self.views.values() if view == self.accepted[view.id].as_queued()
        )

    def is_in_line(self) -> bool:
        """Whether the app says that vaults wait for their turn, as they do behind many others."""
        return self.client.count_waiting() > 0

    def look(self) -> None:
        """Reads every upgrade that has not ended."""
        ids = self.outstanding
        # A thousand vaults are ten pages; a read for each would be a thousand calls every look.
        found = self._read_each(ids) if len(ids) <= SINGLE_READS else self.client.list_upgrades()
        for view in found:
            if view.id in ids and self._is_ours(view):
                self.views[view.id] = view

    def _read_each(self, ids: Iterable[str]) -> Iterable[UpgradeView]:
        for upgrade_id in ids:
            try:
                yield self.client.read_upgrade(upgrade_id)
            except NotFoundError:
                # Accepted, but its message has not been picked up: still queued.
                continue

    def _is_ours(self, view: UpgradeView) -> bool:
        # A vault that was run before shows its old end until the new run begins.
        is_stale = view.end_state is not None and not view.belongs_to(self.request_id)
        return self.accepted[view.id].joined or not is_stale


def _nobody_picks_up(watch: Watch) -> VaultliftError:
    names = ", ".join(view.vault.name for view in watch.queued)
    return UnavailableError(
        f"accepted {PICKUP_LIMIT_S:.0f} s ago, but no run has begun for {names}.",
        subject=watch.client.url,
        what_to_do="Look at the app's log and at the dead-letter queue of vault-upgrades.",
    )


class Patience:
    """Bears an app that is gone for a while, as it is when it restarts.

    Args:
        progress: Is told of every look that failed.
        pace: How often to look.
    """

    def __init__(self, progress: Progress, pace: Pace) -> None:
        self._progress = progress
        self._pace = pace
        # Monotonic: a clock that is set must not look like an app that is gone.
        self._last_answer = pace.monotonic()
        self._pause_s = pace.interval_s

    def look[Seen](self, read: Callable[[], Seen]) -> Seen | None:
        """What ``read`` gives; None when the app did not answer and may still come back.

        Raises:
            UnavailableError: It has been gone for ``OUTAGE_LIMIT_S``.
        """
        self._pause_s = self._pace.interval_s
        try:
            seen = read()
        except (UnavailableError, ThrottledError) as error:
            if self._pace.monotonic() - self._last_answer > OUTAGE_LIMIT_S:
                raise
            # An app that says when to come back is not asked before.
            self._pause_s = max(self._pause_s, getattr(error, "retry_after_s", None) or 0.0)
            self._progress.note(f"{error.message} Looking again.")
            return None
        self._last_answer = self._pace.monotonic()
        return seen

    def pause(self) -> None:
        """Waits until the next look is due."""
        self._pace.sleep(self._pause_s)


def follow(watch: Watch, progress: Progress, pace: Pace) -> tuple[UpgradeView, ...]:
    """Looks until every upgrade has ended; gives them in the order they were accepted.

    Raises:
        UnavailableError: The app was gone for ``OUTAGE_LIMIT_S``, or picked up nothing for
            ``PICKUP_LIMIT_S``.
    """
    begun = pace.monotonic()
    patience = Patience(progress, pace)
    progress.update(tuple(watch.views.values()))
    while watch.outstanding:
        patience.look(watch.look)
        progress.update(tuple(watch.views.values()))
        # Only for runs that never began: one that runs may take half a day.
        is_late = bool(watch.queued) and pace.monotonic() - begun > PICKUP_LIMIT_S
        if is_late and patience.look(watch.is_in_line) is False:
            raise _nobody_picks_up(watch)
        if watch.outstanding:
            patience.pause()
    return tuple(watch.views.values())
