"""Collects vaults and problems while a list of vaults is read.

Everything wrong is kept, not only the first thing, and a vault named twice is found even when the
row that names it has other faults.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import InvalidInputError, Problem
from domain.intake_fields import InputField
from domain.near_names import unknown_name
from domain.requests import ApprovalMode, TimeZoneMode, UpgradeRequest
from domain.vaults import ClassicVaultRef, VaultType

MOST_GUESSES = 50
"""Unknown names of a list that are compared with the known ones; a table has fewer columns."""

WHOLE = "-"
"""Field name of a problem that is about a whole row, file or body."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who asks, under which id, and when."""

    requested_by: str
    request_id: str
    requested_at: datetime


@dataclass(frozen=True, kw_only=True)
class Row:
    """One vault as the caller wrote it."""

    where: str
    """``line 3`` or ``vaults[0]``."""
    given: Mapping[str, object]
    """Values by the caller's own field names."""


def _is_given(value: object) -> bool:
    # An empty cell and a JSON null both mean: nothing said, take the default.
    return value is not None and value != ""


def _vault(values: Mapping[str, Any]) -> ClassicVaultRef | None:
    if not {"subscriptionId", "region", "vaultName"} <= values.keys():
        return None
    return ClassicVaultRef(
        subscription_id=values["subscriptionId"],
        region=values["region"],
        name=values["vaultName"],
        vault_type=VaultType(values.get("vaultType", VaultType.BACKUP)),
    )


def _request(vault: ClassicVaultRef, values: Mapping[str, Any], sender: Sender) -> UpgradeRequest:
    return UpgradeRequest(
        vault=vault,
        target_resource_group=values["targetResourceGroup"],
        request_id=sender.request_id,
        requested_by=sender.requested_by,
        requested_at=sender.requested_at,
        time_zone=values.get("timeZone"),
        time_zone_mode=TimeZoneMode(values.get("timeZoneMode", TimeZoneMode.SET_ZONE)),
        # Every default is the careful one: a person agrees, and nothing is made or registered
        # unasked.
        approval=ApprovalMode(values.get("approval", ApprovalMode.REQUIRED)),
        accept_warnings=values.get("acceptWarnings", False),
        create_resource_group=values.get("createResourceGroup", False),
        register_providers=values.get("registerProviders", False),
        unregister_machines=values.get("unregisterMachines", ()),
        approval_hours=values.get("approvalHours"),
        log_workspace_id=values.get("logWorkspaceId"),
        protected_items=values.get("protectedItems"),
    )


class Intake:
    """The vaults and the problems of one list.

    Args:
        fields: The fields by the name this kind of list uses for them.
        subject: What the list is: a file's name, ``request body``.
    """

    def __init__(self, fields: Iterable[tuple[str, InputField]], subject: str) -> None:
        self._fields = dict(fields)
        self._subject = subject
        self._problems: list[Problem] = []
        self._unknown: set[str] = set()
        self._vaults: list[tuple[ClassicVaultRef, dict[str, Any]]] = []
        self._first_seen: dict[str, str] = {}

    @property
    def field_names(self) -> tuple[str, ...]:
        """What a caller may name, in the order of the table."""
        return tuple(self._fields)

    @property
    def required_names(self) -> tuple[str, ...]:
        """What a caller must name."""
        return tuple(name for name, one in self._fields.items() if one.is_required)

    def report(self, where: str, field: str, message: str, vault: str | None = None) -> None:
        """Keeps one problem."""
        self._problems.append(Problem(where=where, field=field, message=message, vault=vault))

    def report_unknown(
        self, where: str, name: str, known: Iterable[str], noun: str, vault: str | None = None
    ) -> None:
        """Keeps a name that is none of those known, with the one that was probably meant."""
        self._unknown.add(name)
        # Another table under these names altogether, or nonsense: no guess helps there, and tens of
        # thousands of them kept the app from everything else.
        is_slip = len(self._unknown) <= MOST_GUESSES
        self.report(where, name, unknown_name(name, known if is_slip else (), noun), vault)

    def add(self, row: Row, *, absent: frozenset[str] = frozenset()) -> None:
        """Reads one row and keeps its vault or its problems.

        Args:
            row: The row.
            absent: Required fields already reported as missing for the list as a whole.
        """
        hint = self._vault_hint(row)
        values: dict[str, Any] = {}
        # Sorted, so that the same list always gets the same report.
        for name in sorted(row.given.keys() - self._fields.keys()):
            self.report_unknown(row.where, name, self._fields, "field", hint)
        for name, one in self._fields.items():
            value = row.given.get(name)
            if not _is_given(value):
                if one.is_required and name not in absent:
                    self.report(row.where, name, "is missing", hint)
                continue
            try:
                values[one.member] = one.read(value)
            except ValueError as error:
                self.report(row.where, name, str(error), hint)
        self._keep(row.where, values)

    def _vault_hint(self, row: Row) -> str | None:
        named = (n for n, one in self._fields.items() if one.member == "vaultName")
        value = next((row.given.get(name) for name in named), None)
        return value if isinstance(value, str) and value.strip() else None

    def _keep(self, where: str, values: dict[str, Any]) -> None:
        vault = _vault(values)
        # Without its identity a row cannot be compared; its own problems say why.
        if vault is None:
            return
        earlier = self._first_seen.setdefault(vault.key, where)
        if earlier != where:
            self.report(where, WHOLE, f"is the same vault as {earlier}", vault.name)
        self._vaults.append((vault, values))

    def failure(self) -> InvalidInputError:
        """The error that lists every problem kept so far."""
        return InvalidInputError(self._problems, subject=self._subject)

    def requests(self, sender: Sender) -> tuple[UpgradeRequest, ...]:
        """One request per vault, in the order of the list.

        Raises:
            InvalidInputError: Anything was wrong; every problem is in it.
        """
        if self._problems:
            raise self.failure()
        return tuple(_request(vault, values, sender) for vault, values in self._vaults)
