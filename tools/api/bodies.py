"""The schemas of what is sent, made from what reads it."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from domain.campaign_body import CampaignBody, CommandBody
from domain.codec import JsonObject
from domain.intake_fields import FIELDS
from domain.intake_json import LONGEST_REQUESTER, REQUEST_ID_PATTERN
from domain.plans import Approval
from domain.retries import RetryAuthorization
from domain.settle_intake import MAX_VAULTS, SettleRow
from tools.api.model import REF, ref

_SIGNED_IN = "Left out, or the caller's own name, where the platform's sign-in names the caller."
_OVERRULED = "Required without sign-in; with it the platform's word counts, whatever stands here."

_SENDER: JsonObject = {
    "requestedBy": {
        "type": ["string", "null"],
        "maxLength": LONGEST_REQUESTER,
        "description": f"Who asks; nobody may approve what they asked for. {_SIGNED_IN}"
        " Null: as if left out.",
    },
    "requestId": {
        "type": ["string", "null"],
        "pattern": f"^{REQUEST_ID_PATTERN}$",
        "description": "The same id sent twice is the same request. Left out or null, one is made"
        " up.",
    },
}


def body_schemas() -> JsonObject:
    """Every schema of a body, by name, with those it refers to."""
    return {
        **_upgrade_schemas(),
        **_campaign_schemas(),
        **_settlement_schemas(),
        "ApprovalBody": _members_of(
            Approval,
            ("planHash", "plan_hash"),
            ("approver", "approver"),
            ("decision", "decision"),
            ("comment", "comment"),
            required=("planHash", "decision"),
            notes={"approver": f"Who decides; not who asked. {_OVERRULED}"},
        ),
        "RetryBody": _members_of(
            RetryAuthorization,
            ("ticket", "ticket"),
            ("instruction", "instruction"),
            ("authorizedBy", "authorized_by"),
            required=("ticket", "instruction"),
            notes={"authorizedBy": f"Who records it. {_OVERRULED}"},
        ),
        "GuardBody": {
            "type": "object",
            "properties": {
                "decision": {"enum": ["granted", "abandoned"]},
                "by": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_REQUESTER,
                    "description": f"Who says so. {_OVERRULED}",
                },
            },
            "required": ["decision"],
        },
    }


def _closed(properties: JsonObject, required: Iterable[str] = (), **more: Any) -> JsonObject:
    """An object that takes nothing but these members: a misspelt one is refused, not ignored."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _upgrade_schemas() -> JsonObject:
    rows = {one.member: one.schema for one in FIELDS}
    required = [one.member for one in FIELDS if one.is_required]
    vaults = {
        "vaults": {"type": "array", "items": ref("UpgradeRow"), "minItems": 1},
        **_SENDER,
    }
    return {
        "UpgradeRow": _closed(rows, required, description="One classic vault to upgrade."),
        "UpgradeBody": {
            "description": "One vault, or a list of them.",
            "anyOf": [_closed(vaults, ["vaults"]), _closed({**rows, **_SENDER}, required)],
        },
    }


def _campaign_schemas() -> JsonObject:
    schema = CampaignBody.model_json_schema(by_alias=True, ref_template=REF)
    properties = schema["properties"]
    properties["requestedBy"] = _SENDER["requestedBy"]
    # Checked by the intake of any list of vaults, so the model itself takes anything.
    properties["vaults"] |= {"type": ["array", "null"], "items": ref("UpgradeRow"), "minItems": 1}
    # A search tells these of each vault, so there is no default for them.
    found = ("subscriptionId", "vaultName", "region")
    fields = {one.member: one.schema for one in FIELDS if one.member not in found}
    properties["defaults"] = {
        "description": properties["defaults"]["description"],
        "anyOf": [_closed(fields, ["targetResourceGroup"]), {"type": "null"}],
    }
    # What the model checks by code: one source of vaults, and one way to count failures.
    schema["anyOf"] = [{"required": ["vaults"]}, {"required": ["subscriptions"]}]
    definitions = schema.pop("$defs")
    definitions["_Threshold"]["anyOf"] = [{"required": ["count"]}, {"required": ["percent"]}]
    command = CommandBody.model_json_schema(by_alias=True, ref_template=REF)
    command["properties"]["requestedBy"] |= {
        "description": f"Who asks; required without sign-in. {_SIGNED_IN}"
    }
    return {**definitions, "CampaignBody": schema, "CommandBody": command}


def _settlement_schemas() -> JsonObject:
    schema = SettleRow.model_json_schema(by_alias=True, ref_template=REF)
    definitions = schema.pop("$defs")
    # What the model checks by code: something has to be named.
    named = [{"required": ["vaultId"]}, {"required": ["subscriptionId"]}]
    vaults = {
        "vaults": {
            "type": "array",
            "items": ref("SettleRow"),
            "minItems": 1,
            "maxItems": MAX_VAULTS,
        },
        **_SENDER,
    }
    one = {**schema["properties"], **_SENDER}
    return {
        **definitions,
        "SettleRow": {**schema, "anyOf": named},
        "SettleBody": {
            "description": "One vault, every vault of one subscription, or a list of both.",
            "anyOf": [_closed(vaults, ["vaults"]), _closed(one, anyOf=named)],
        },
    }


def _members_of(
    model: type,
    *members: tuple[str, str],
    required: Iterable[str],
    notes: Mapping[str, str],
) -> JsonObject:
    """The members of a dataclass that a body carries, under the names it gives them."""
    # Open: an answer with a member more is still that answer, as the app sees it, too.
    known = TypeAdapter(model).json_schema()["properties"]
    properties = {
        name: {**known[field], **({"description": notes[name]} if name in notes else {})}
        for name, field in members
    }
    return {"type": "object", "properties": properties, "required": list(required)}
