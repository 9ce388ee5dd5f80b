"""Follows upgrades to their ends by looking at the app again and again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cli.api_client import ApiClient
from cli.patience import Pace, Patience
from cli.views import Accepted, UpgradeView
from domain.errors import NotFoundError, UnavailableError, VaultliftError

PICKUP_LIMIT_S = 300.0
"""From the moment an upgrade was accepted until its run shows. The queue takes seconds; after
this the message was refused or nobody listens."""

SINGLE_READS = 25
"""With more upgrades than this on the way, listing pages is cheaper than a read for each."""


class Progress(Protocol):
    """Is told of every look at the upgrades; :mod:`cli.progress` shows them."""

    def update(self, views: Sequence[UpgradeView]) -> None:
        """Shows the upgrades as they are now."""
        ...

    def note(self, text: str) -> None:
        """Says something that is not about one vault."""
        ...


@dataclass(kw_only=True)
class Watch:
    """The upgrades of one request and what is known of each."""

    client: ApiClient
    request_id: str
    accepted: Mapping[str, Accepted]
    views: dict[str, UpgradeView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Until its run shows, an accepted upgrade is queued."""
        # Not read from the app at once: its first answer may still show the vault's run of last
        # week.
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
        # A run that was joined belongs to another request, so its id cannot tell it from an old
        # one.
        return self.accepted[view.id].joined or not is_stale


def _nobody_picks_up(watch: Watch) -> VaultliftError:
    names = ", ".join(view.vault.name for view in watch.queued)
    return UnavailableError(
        f"accepted {PICKUP_LIMIT_S:.0f} s ago, but no run has begun for {names}.",
        subject=watch.client.url,
        what_to_do="Look at the app's log and at the dead-letter queue of vault-upgrades.",
    )


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
