"""The queue message one vault travels in: written, read back, and described as JSON Schema."""

from dataclasses import replace
from datetime import UTC, datetime

from pydantic import ValidationError

from domain.codec import JsonObject, from_json, to_json
from domain.intake_fields import FIELDS
from domain.intake_json import (
    LONGEST_REQUESTER,
    REQUEST_ID_PATTERN,
    read_object,
    read_sender,
)
from domain.intake_rows import Intake, Row, Sender
from domain.moments import read_moment
from domain.requests import SCHEMA_VERSION, Slot, UpgradeRequest

_MEMBERS = tuple((one.member, one) for one in FIELDS)
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""What no line can hold, as :func:`~domain.intake_fields.is_one_line` says it."""

_ENVELOPE: JsonObject = {
    "schemaVersion": {"const": SCHEMA_VERSION},
    "requestId": {
        "type": "string",
        "pattern": f"^{REQUEST_ID_PATTERN}$",
        "description": "Chosen by whoever asked; the same id sent twice is the same request.",
    },
    "requestedBy": {
        "type": "string",
        "maxLength": LONGEST_REQUESTER,
        "pattern": f"^[^{_CONTROLS}]*[^\\s{_CONTROLS}][^{_CONTROLS}]*$",
    },
    "requestedAt": {"type": "string", "format": "date-time"},
}


_SLOT: JsonObject = {
    "type": "object",
    "description": "Set by vaultlift itself: who paces this vault. Other senders leave it out.",
    "properties": {
        "holder": {"type": "string", "minLength": 1, "maxLength": 100},
        "position": {"type": "integer", "minimum": 0},
    },
    "required": ["holder", "position"],
    "additionalProperties": False,
}


_NEVER = datetime.min.replace(tzinfo=UTC)
"""Stands where a moment could not be read; a problem was reported, so it goes nowhere."""


def message_body(request: UpgradeRequest) -> JsonObject:
    """The queue message for one request; :func:`message_json_schema` describes it."""
    # What was not asked for is left out, so that a default may change without old messages lying.
    values: JsonObject = {
        "schemaVersion": SCHEMA_VERSION,
        "requestId": request.request_id,
        "requestedBy": request.requested_by,
        "requestedAt": request.requested_at.astimezone(UTC).isoformat(),
        "subscriptionId": request.vault.subscription_id,
        "vaultName": request.vault.name,
        "region": request.vault.region,
        "vaultType": str(request.vault.vault_type),
        "targetResourceGroup": request.target_resource_group,
        "timeZone": request.time_zone,
        "timeZoneMode": str(request.time_zone_mode),
        "approval": str(request.approval),
        "acceptWarnings": request.accept_warnings,
        "createResourceGroup": request.create_resource_group or None,
        "registerProviders": request.register_providers or None,
        "unregisterMachines": list(request.unregister_machines) or None,
        "approvalHours": request.approval_hours,
        "logWorkspaceId": request.log_workspace_id,
        "protectedItems": request.protected_items,
        "slot": to_json(request.slot),
    }
    return {member: value for member, value in values.items() if value is not None}


def _read_requested_at(intake: Intake, value: object) -> datetime:
    try:
        return read_moment(value)
    except ValueError as error:
        intake.report("body", "requestedAt", str(error))
        return _NEVER


def _read_slot(intake: Intake, value: object) -> Slot | None:
    if value is None:
        return None
    try:
        slot = from_json(Slot, value)
    except ValidationError:
        intake.report("body", "slot", "must be an object with holder and position")
        return None
    if not slot.holder or slot.position < 0:
        intake.report("body", "slot", "must name a holder and a position from 0")
    return slot


def _check_version(intake: Intake, value: object) -> bool:
    # A bool is an int to Python, and true is no version.
    # Equal, and not at least: a later version may mean another thing by a member of the same name.
    if value == SCHEMA_VERSION and not isinstance(value, bool):
        return True
    known = f"this version of vaultlift reads schemaVersion {SCHEMA_VERSION}"
    intake.report("body", "schemaVersion", f"is {value!r}; {known}")
    return False


def request_from_message(body: object) -> UpgradeRequest:
    """The request a queue message carries.

    Args:
        body: The message's body as text, bytes or already parsed.

    Raises:
        InvalidInputError: Not a message, not of a version known here, or not valid.
    """
    intake = Intake(_MEMBERS, "queue message")
    content = read_object(intake, body)
    # Nothing else in a body of another version can be judged.
    if content is None or not _check_version(intake, content.get("schemaVersion")):
        raise intake.failure()
    nobody = Sender(
        requested_by="",
        request_id="",
        requested_at=_read_requested_at(intake, content.get("requestedAt")),
    )
    sender = read_sender(intake, content, nobody)
    slot = _read_slot(intake, content.get("slot"))
    known = {*_ENVELOPE, "slot"}
    given = {name: value for name, value in content.items() if name not in known}
    intake.add(Row(where="body", given=given))
    # Anything wrong raises in there, so that exactly one request is left to take the slot.
    return replace(intake.requests(sender)[0], slot=slot)


def message_json_schema() -> JsonObject:
    """The JSON Schema of the queue message, from the table that also checks it."""
    required = [one.member for one in FIELDS if one.is_required]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vaultlift upgrade request",
        "description": "Body of a message of the queue vault-upgrades: one vault to upgrade.",
        "type": "object",
        "properties": {
            **_ENVELOPE,
            **{one.member: one.schema for one in FIELDS},
            "slot": _SLOT,
        },
        "required": [*_ENVELOPE, *required],
        "additionalProperties": False,
    }
