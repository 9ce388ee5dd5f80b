"""Reads the body of ``POST /api/campaigns``: the vaults, and how they are to be started.

As for a plain list of vaults, everything wrong is raised at once. Vaults are either listed, or
found live in whole subscriptions and given the same fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from domain.bodies import model_problems, object_of
from domain.campaign_body import CampaignBody
from domain.campaigns import MAX_VAULTS, CampaignOptions, Skipped
from domain.codec import JsonObject
from domain.errors import InvalidInputError, Problem
from domain.intake import requests_from_json
from domain.requests import UpgradeRequest
from domain.upgrade import ClassicVault, UpgradeStatus
from domain.vaults import VaultType

_FOUND_FIELDS = frozenset({"subscriptionId", "vaultName", "region", "vaultType"})
"""What the live list knows about a vault; defaults are for the rest."""

_SKIPPED = {
    UpgradeStatus.UPGRADED: "is upgraded already",
    UpgradeStatus.FAILED: "failed to upgrade earlier; nothing is retried without Microsoft",
}
"""Vaults of a subscription that a campaign leaves out, by their record."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who hands a campaign in, and when."""

    signed_in_as: str | None
    """As the platform says; a body that claims somebody else is refused."""
    campaign_id: str
    """The id to use where the body has none."""
    requested_at: datetime


@dataclass(frozen=True, kw_only=True)
class CampaignRequest:
    """A campaign as it was asked for."""

    campaign_id: str
    options: CampaignOptions
    is_dry_run: bool
    requests: tuple[UpgradeRequest, ...]
    """The vaults that were listed, or, with ``subscriptions``, none yet."""
    subscriptions: tuple[str, ...]
    """Where to look for vaults."""
    template: JsonObject
    """The body of a list of the vaults found, but for the vaults."""
    defaults: JsonObject
    """The fields every vault found is given."""


def read_campaign(body: object, sender: Sender) -> CampaignRequest:
    """The campaign a body asks for.

    Raises:
        InvalidInputError: Anything is wrong; lists every problem.
    """
    content = object_of(body)
    campaign, problems = _read_options(content)
    campaign_id = (campaign and campaign.campaign_id) or sender.campaign_id
    template = {"requestedBy": content.get("requestedBy"), "requestId": campaign_id}
    requests, vault_problems = _read_vaults(content, template, sender)
    problems += vault_problems
    if problems or campaign is None:
        raise InvalidInputError(problems, subject="body")
    return CampaignRequest(
        campaign_id=campaign_id,
        options=campaign.to_options(),
        is_dry_run=campaign.dry_run,
        requests=_checked_count(requests),
        subscriptions=tuple(dict.fromkeys(campaign.subscriptions or ())),
        template=template,
        defaults=campaign.defaults or {},
    )


def _read_options(content: JsonObject) -> tuple[CampaignBody | None, list[Problem]]:
    try:
        return CampaignBody.model_validate(content), []
    except ValidationError as error:
        return None, model_problems(error)


def _read_vaults(
    content: JsonObject, template: JsonObject, sender: Sender
) -> tuple[tuple[UpgradeRequest, ...], list[Problem]]:
    """The vaults that are listed; of those to be found, only what is wrong with their fields."""
    try:
        if content.get("vaults") is not None:
            return _requests(template, content["vaults"], sender), []
        defaults = content.get("defaults") or {}
        if not isinstance(defaults, dict) or "subscriptions" not in content:
            return (), []
        # A made-up vault stands for those that are not found yet.
        _requests(template, [{**defaults, **_SAMPLE_VAULT}], sender)
    except InvalidInputError as error:
        is_listed = content.get("vaults") is not None
        return (), [_about_defaults(one, is_listed=is_listed) for one in error.problems]
    return (), _given_twice(defaults)


_SAMPLE_VAULT: JsonObject = {
    "subscriptionId": "00000000-0000-0000-0000-000000000000",
    "vaultName": "vault",
    "region": "West US",
}


def requests_of_found(
    asked: CampaignRequest, found: Sequence[ClassicVault], sender: Sender
) -> tuple[tuple[UpgradeRequest, ...], tuple[Skipped, ...]]:
    """Requests for the vaults that were found, and those that are left out.

    Raises:
        InvalidInputError: Nothing is left to upgrade, or a vault has a name or region that cannot
            be right.
    """
    rows: list[JsonObject] = []
    skipped: list[Skipped] = []
    for vault in found:
        why = _why_not(vault)
        if why is None:
            # The same way as a list that somebody wrote, so that a vault found is held to the same
            # rules.
            rows.append({**_row(vault), **asked.defaults})
        else:
            skipped.append(Skipped(vault=str(vault.ref), why=why))
    if not rows:
        message = f"none of the {len(found)} vaults found there can be upgraded"
        raise InvalidInputError([Problem(where="body", field="subscriptions", message=message)])
    return _checked_count(_requests(asked.template, rows, sender)), tuple(skipped)


def _why_not(vault: ClassicVault) -> str | None:
    if vault.ref.vault_type is not VaultType.BACKUP:
        return f"is a {vault.ref.vault_type}"
    return _SKIPPED.get(vault.record.status) if vault.record else None


def _row(vault: ClassicVault) -> JsonObject:
    return {
        "subscriptionId": vault.ref.subscription_id,
        "vaultName": vault.ref.name,
        "region": vault.ref.region,
    }


def _requests(template: JsonObject, vaults: Any, sender: Sender) -> tuple[UpgradeRequest, ...]:
    return requests_from_json(
        {**template, "vaults": vaults},
        requested_by="anonymous",
        signed_in_as=sender.signed_in_as,
        request_id=template["requestId"],
        requested_at=sender.requested_at,
        source="body",
    )


def _checked_count(requests: tuple[UpgradeRequest, ...]) -> tuple[UpgradeRequest, ...]:
    if len(requests) > MAX_VAULTS:
        message = f"{len(requests)} vaults; one campaign takes {MAX_VAULTS}. Split it."
        raise InvalidInputError([Problem(where="body", field="vaults", message=message)])
    return requests


def _about_defaults(problem: Problem, *, is_listed: bool) -> Problem:
    """A problem of the made-up vault is one of the defaults."""
    if is_listed or not problem.where.startswith("vaults["):
        return problem
    return Problem(where="defaults", field=problem.field, message=problem.message)


def _given_twice(defaults: JsonObject) -> list[Problem]:
    given = _FOUND_FIELDS & defaults.keys()
    message = "is read from each vault; leave it out"
    return [Problem(where="defaults", field=name, message=message) for name in sorted(given)]
