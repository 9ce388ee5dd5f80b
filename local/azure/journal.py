"""What was asked of simulated Azure: counts of every call, the writes one by one, the refused."""

from collections import Counter
from dataclasses import asdict, dataclass

from domain.codec import JsonObject

WRITE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
READING_ROUTES = frozenset({"token", "query", "classic-check"})
"""Asked for by POST, and changing nothing: tokens, log queries, the check before an upgrade."""
MAX_REFUSED = 1000
"""More unknown requests than this say nothing new."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One write, or one request that was not understood."""

    at: str
    """Virtual time, UTC."""
    method: str
    path: str
    route: str
    vault: str
    status: int
    client_request_id: str | None
    fault: str | None
    """Kind of the fault that was put on it, if any."""


class Journal:
    """Everything that was asked since the start or the last reset."""

    def __init__(self) -> None:
        self.writes: list[Entry] = []
        self.refused: list[Entry] = []
        self._counts: Counter[tuple[str, str, str, int]] = Counter()

    def note(self, entry: Entry) -> None:
        """Takes a call that found its route."""
        self._counts[entry.method, entry.route, entry.vault, entry.status] += 1
        if entry.method in WRITE_METHODS and entry.route not in READING_ROUTES:
            self.writes.append(entry)

    def note_refused(self, entry: Entry) -> None:
        """Takes a request nobody here understands."""
        # A client gone wild must not fill the memory of the process it talks to.
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(entry)

    def count(self, method: str, route: str, vault: str | None = None) -> int:
        """How often a route was called, whatever came of it."""
        return sum(
            number
            for (called, name, about, _status), number in self._counts.items()
            if called == method and name == route and vault in (None, about)
        )

    def counts(self) -> list[JsonObject]:
        """Every (method, route, vault, status) with its number of calls."""
        return [
            {"method": method, "route": route, "vault": vault, "status": status, "count": number}
            for (method, route, vault, status), number in sorted(self._counts.items())
        ]

    def write_log(self) -> list[JsonObject]:
        """The writes in the order they came."""
        return [asdict(entry) for entry in self.writes]

    def refused_log(self) -> list[JsonObject]:
        """The requests that were not understood."""
        return [asdict(entry) for entry in self.refused]
