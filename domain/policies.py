"""Backup policies as the service sends them: what kind one is and where its time zone lives.

Policies stay raw JSON from read to write, because a write replaces the whole document and must not
lose a member nobody here has heard of (recovery-services 1.2-1.4).
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.codec import JsonObject
from domain.documents import Path, path_text, value_at, walk

_PROPERTY_ZONE: Path = ("properties", "timeZone")
_SETTINGS_ZONE: Path = ("properties", "settings", "timeZone")

_ZONE_PATHS: dict[str, Path | None] = {
    "azureiaasvm": _PROPERTY_ZONE,
    "azurestorage": _PROPERTY_ZONE,
    "genericprotectionpolicy": _PROPERTY_ZONE,
    "azureworkload": _SETTINGS_ZONE,
    # The agent's own clock rules; ARM keeps no zone for these two.
    "mab": None,
    "azuresql": None,
}

# A typed client leaves these out of a write by itself; whoever sends raw JSON has to
# (recovery-services 0, 1.4).
_READ_ONLY = ("id", "name", "type")
_RUN_MEMBERS = frozenset({"scheduleRunTimes", "scheduleWindowStartTime"})
# Found by name wherever they stand: schedules nest differently in every kind of policy.
_TIME_MEMBERS = _RUN_MEMBERS | {"retentionTimes"}


class ZoneState(StrEnum):
    """What a policy says about its time zone. Absent is not UTC (DESIGN rule 6)."""

    ABSENT = "absent"
    NULL = "null"
    EMPTY = "empty"
    GIVEN = "given"
    NOT_APPLICABLE = "not_applicable"
    """Policies of this kind have no zone in ARM."""
    UNKNOWN_KIND = "unknown_kind"
    """A kind of policy not known here; nothing may be said about its zone."""


@dataclass(frozen=True, kw_only=True)
class ClockTime:
    """One wall-clock time in a policy, as raw text: local time with a literal ``Z``."""

    path: str
    text: str
    is_run: bool
    """A backup runs then; otherwise it is a retention time."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What vaultlift reads from a policy document."""

    name: str
    management_type: str
    """``backupManagementType`` as sent: AzureIaasVM, AzureStorage, AzureWorkload, MAB ..."""
    workload: str
    """``workLoadType`` as sent; empty where the kind has none."""
    policy_type: str
    """V1 (standard) or V2 (enhanced); absent reads as V1."""
    zone_path: str | None
    """Where the zone lives; None where ARM keeps none."""
    zone_state: ZoneState
    raw_zone: str | None
    """The zone exactly as sent; None unless it is a string."""
    times: tuple[ClockTime, ...]
    """Every run time, retention time and window start, in the order of the document."""
    item_count: int | None
    """``protectedItemsCount``; None where the service sent none."""

    @property
    def has_zone(self) -> bool:
        """The policy names a zone, valid or not."""
        return self.zone_state is ZoneState.GIVEN

    @property
    def may_have_zone(self) -> bool:
        """Policies of this kind keep a zone in ARM."""
        return self.zone_path is not None


def time_paths(document: JsonObject) -> tuple[Path, ...]:
    """Where the document holds wall-clock times: run times, retention times, window starts."""
    return tuple(
        path
        for path, value in walk(document)
        if isinstance(value, str) and not _TIME_MEMBERS.isdisjoint(path[-2:])
    )


def _clock_times(document: JsonObject) -> tuple[ClockTime, ...]:
    return tuple(
        ClockTime(
            path=path_text(path),
            text=value_at(document, path),
            is_run=not _RUN_MEMBERS.isdisjoint(path[-2:]),
        )
        for path in time_paths(document)
    )


def zone_path(document: JsonObject) -> Path | None:
    """Where a policy keeps its zone; None for kinds without one and for unknown kinds."""
    return _ZONE_PATHS.get(_kind(document).casefold())


def _kind(document: JsonObject) -> str:
    return _text(value_at(document, ("properties", "backupManagementType")))


def _zone_state(document: JsonObject) -> ZoneState:
    path = zone_path(document)
    if path is not None:
        return _state_at(document, path)
    is_known = _kind(document).casefold() in _ZONE_PATHS
    return ZoneState.NOT_APPLICABLE if is_known else ZoneState.UNKNOWN_KIND


def _state_at(document: JsonObject, path: Path) -> ZoneState:
    # value_at cannot tell absent from null, and here the difference counts.
    holder = value_at(document, path[:-1])
    if not isinstance(holder, dict) or path[-1] not in holder:
        return ZoneState.ABSENT
    raw = holder[path[-1]]
    if raw is None:
        return ZoneState.NULL
    return ZoneState.GIVEN if str(raw).strip() else ZoneState.EMPTY


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def parse_policy(document: JsonObject) -> Policy:
    """Reads a raw policy document; never fails, whatever is missing."""
    path = zone_path(document)
    raw = value_at(document, path) if path else None
    count = value_at(document, ("properties", "protectedItemsCount"))
    return Policy(
        name=_text(document.get("name")),
        management_type=_kind(document),
        workload=_text(value_at(document, ("properties", "workLoadType"))),
        # Absent in every policy made before the second form existed (recovery-services 1.2).
        policy_type=_text(value_at(document, ("properties", "policyType"))) or "V1",
        zone_path=path_text(path) if path else None,
        zone_state=_zone_state(document),
        raw_zone=raw if isinstance(raw, str) else None,
        times=_clock_times(document),
        item_count=count if isinstance(count, int) else None,
    )


def put_body(document: JsonObject) -> JsonObject:
    """What to send to write a policy back: everything but the read-only members."""
    return {name: value for name, value in document.items() if name not in _READ_ONLY}
