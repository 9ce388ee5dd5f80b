"""Reads what an operator hands in to have vaults settled: names of vaults and a few choices.

A vault is named by its ARM id, or by subscription, group and name; a subscription alone means every
Recovery Services vault in it. Everything wrong is reported at once, with its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from domain.bodies import model_problems
from domain.errors import InvalidInputError, Problem
from domain.intake_fields import (
    LONGEST_MACHINE_NAME,
    read_guid,
    read_machine,
    read_resource_group,
    read_vault_name,
)
from domain.intake_json import SENDER_MEMBERS, check_signed_in, read_object, read_sender
from domain.intake_rows import Intake, Sender
from domain.moments import read_moment
from domain.requests import ApprovalMode, TimeZoneMode
from domain.settling import SettleRequest
from domain.time_zones import require_zone
from domain.vaults import VaultRef

MAX_VAULTS = 2000
"""More vaults than this in one body are a slip of the pen, or a case for subscriptions."""

_WORKSPACE = (
    r"^/subscriptions/[^/]+/resourceGroups/[^/]+"
    r"/providers/[Mm]icrosoft\.[Oo]perational[Ii]nsights/workspaces/[^/]+$"
)


def _checked_id(text: str) -> str:
    # Part by part: an id with a slip in it is well formed, and names a vault that is not there.
    vault = VaultRef.parse(text)
    read_guid(vault.subscription_id)
    read_resource_group(vault.resource_group)
    read_vault_name(vault.name)
    return text


type _VaultArmId = Annotated[str, AfterValidator(_checked_id)]
type _Guid = Annotated[str, AfterValidator(read_guid)]
type _GroupName = Annotated[str, AfterValidator(read_resource_group)]
type _VaultName = Annotated[
    str, Field(min_length=2, max_length=50), AfterValidator(read_vault_name)
]
type _MachineName = Annotated[
    str, Field(max_length=LONGEST_MACHINE_NAME), AfterValidator(read_machine)
]
# Otherwise a number would be read as seconds since 1970, or as milliseconds if it is large.
type _Moment = Annotated[datetime, BeforeValidator(read_moment)]
type _Zone = Annotated[str, AfterValidator(require_zone)]


class SettleRow(BaseModel):
    """One vault, or one subscription, as the caller wrote it."""

    model_config = ConfigDict(
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=False,
        frozen=True,
        use_attribute_docstrings=True,  # The published description of the body is made from them.
    )

    vault_id: _VaultArmId | None = None
    """ARM id of a Recovery Services vault."""
    subscription_id: _Guid | None = None
    """With group and name: one vault. Alone: every Recovery Services vault in it."""
    resource_group: _GroupName | None = None
    vault_name: _VaultName | None = None
    time_zone: _Zone | None = None
    """Windows or IANA zone expected of its policies; left out: vault tag, then estate map."""
    time_zone_mode: TimeZoneMode = TimeZoneMode.SET_ZONE
    approval: Literal["required", "automatic"] = "required"
    """Whether somebody else has to agree to what would be written."""
    dry_run: StrictBool = False
    """Write nothing; the verdict says what would be."""
    log_workspace_id: _Guid | None = None
    """Workspace that is asked for jobs and for the data of reports."""
    diagnostics_workspace: str | None = Field(default=None, pattern=_WORKSPACE)
    """ARM id of the workspace that is to receive the vault's reports."""
    known_machines: tuple[_MachineName, ...] = ()
    """Machines that were registered before the upgrade."""
    upgrade_ended_at: _Moment | None = None
    """For vaults whose own record of the upgrade is gone."""

    @model_validator(mode="after")
    def _names_one_thing(self) -> "SettleRow":
        # A group without a name could mean the whole group: nobody said so, so it is refused.
        by_parts = (self.resource_group, self.vault_name)
        if self.vault_id is not None:
            if self.subscription_id or any(by_parts):
                raise ValueError("give vaultId or the parts of a name, not both")
        elif self.subscription_id is None:
            raise ValueError("name a vault by vaultId, or give subscriptionId")
        elif any(by_parts) and not all(by_parts):
            raise ValueError("resourceGroup and vaultName go together")
        return self

    @property
    def vault(self) -> VaultRef | None:
        """The vault; None where a whole subscription is meant."""
        if self.vault_id is not None:
            return VaultRef.parse(self.vault_id)
        if self.vault_name is None or self.resource_group is None:
            return None
        return VaultRef(
            subscription_id=self.subscription_id or "",
            resource_group=self.resource_group,
            name=self.vault_name,
        )


@dataclass(frozen=True, kw_only=True)
class SettleOrder:
    """Everything one body asks for."""

    sender: Sender
    rows: tuple[SettleRow, ...]


def _rows(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if "vaults" not in content:
        return [("body", {k: v for k, v in content.items() if k not in SENDER_MEMBERS})]
    return [(f"vaults[{index}]", one) for index, one in enumerate(content["vaults"])]


def _read_rows(content: Mapping[str, Any], problems: list[Problem]) -> list[SettleRow]:
    # One vault needs no list around it, as for upgrades.
    given = content.get("vaults", [content])
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_VAULTS:
        text = f"must be a list of 1 to {MAX_VAULTS} vaults"
        problems.append(Problem(where="body", field="vaults", message=text))
        return []
    rows: list[SettleRow] = []
    first_seen: dict[str, str] = {}
    for where, one in _rows(content):
        if not isinstance(one, dict):
            problems.append(Problem(where=where, field="-", message="must be an object"))
            continue
        try:
            row = SettleRow.model_validate(one)
        except ValidationError as error:
            problems += [replace(one, where=where) for one in model_problems(error)]
            continue
        name = row.vault.key if row.vault is not None else str(row.subscription_id)
        # Two rows with different choices for one vault: which one counts is not ours to say.
        earlier = first_seen.setdefault(name, where)
        if earlier != where:
            text = f"is the same as {earlier}"
            problems.append(Problem(where=where, field="-", message=text))
        rows.append(row)
    return rows


def read_order(body: object, default: Sender, *, signed_in_as: str | None = None) -> SettleOrder:
    """What a body asks for.

    Args:
        body: JSON, as text, bytes or already parsed.
        default: Who asks, under which id and when, where the body does not say.
        signed_in_as: The caller's name by the platform's sign-in; the body may name nobody else.

    Raises:
        InvalidInputError: Anything is wrong; every problem is in it.
    """
    intake = Intake((), "body")
    content = read_object(intake, body)
    if content is None:
        raise intake.failure()
    # Behind sign-in the platform names the caller; the body may repeat it and nothing else.
    if signed_in_as is not None:
        default = replace(default, requested_by=signed_in_as)
    sender = read_sender(intake, content, default)
    if signed_in_as is not None:
        check_signed_in(intake, sender, signed_in_as)
    problems = list(intake.failure().problems)
    if "vaults" in content:
        unknown = content.keys() - {"vaults", *SENDER_MEMBERS}
        problems += [
            Problem(where="body", field=name, message="is not a member known here")
            for name in sorted(unknown)
        ]
    rows = _read_rows(content, problems)
    if problems:
        raise InvalidInputError(problems, subject="body")
    return SettleOrder(sender=sender, rows=tuple(rows))


def settle_request(
    row: SettleRow,
    vault: VaultRef,
    sender: Sender,
    *,
    scope: tuple[str, ...] = (),
    log_workspace_id: str | None = None,
) -> SettleRequest:
    """The settlement of one vault that a row asks for.

    Args:
        row: The choices.
        vault: The vault: the row's own, or one of its subscription.
        sender: Who asks.
        scope: Subscriptions in which the same machine may be registered too.
        log_workspace_id: The workspace of vaults whose row names none.
    """
    return SettleRequest(
        vault=vault,
        # Evidence of each request is kept apart, so that a second run never overwrites a first.
        run_id=sender.request_id,
        prefix=f"vaults/{vault.key}/settlements/{sender.request_id}",
        time_zone=row.time_zone,
        time_zone_mode=row.time_zone_mode,
        upgrade_ended_at=row.upgrade_ended_at,
        log_workspace_id=row.log_workspace_id or log_workspace_id,
        requested_by=sender.requested_by,
        approval=ApprovalMode(row.approval),
        is_dry_run=row.dry_run,
        diagnostics_workspace=row.diagnostics_workspace,
        known_machines=row.known_machines,
        scope=scope,
        is_alone=True,
    )
