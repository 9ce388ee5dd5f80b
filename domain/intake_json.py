"""Reads an HTTP body of vaults, member by member, into an :class:`~domain.intake_rows.Intake`."""

import re
from collections.abc import Mapping
from typing import Any

from domain.bodies import object_of
from domain.codec import JsonObject
from domain.errors import InvalidInputError
from domain.intake_fields import is_one_line, is_text
from domain.intake_rows import WHOLE, Intake, Row, Sender

SENDER_MEMBERS = ("requestedBy", "requestId")
"""Members that say who asks and under which id, beside the vaults."""

REQUEST_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""A request id becomes a folder of the evidence store, so it holds nothing a path cannot."""

LONGEST_REQUESTER = 200
"""Longest name of a requester; it stands in every evidence document of a run."""


def read_object(intake: Intake, body: object) -> JsonObject | None:
    """The body as an object, or None after reporting why it is none."""
    try:
        return object_of(body)
    except InvalidInputError as broken:
        for one in broken.problems:
            intake.report(one.where, one.field, one.message)
        return None


ONE_LINE = "must be one line without control characters"


def _text(intake: Intake, content: Mapping[str, Any], member: str, default: str) -> str | None:
    value = content.get(member)
    if value is None:
        value = default
    if not isinstance(value, str) or not is_text(value):
        intake.report("body", member, "must be text")
        return None
    return value.strip()


def _requester(intake: Intake, content: Mapping[str, Any], default: str) -> str | None:
    name = _text(intake, content, "requestedBy", default)
    if name == "":
        intake.report("body", "requestedBy", "is missing")
    elif name is not None and len(name) > LONGEST_REQUESTER:
        intake.report("body", "requestedBy", f"must have at most {LONGEST_REQUESTER} characters")
    elif name is not None and not is_one_line(name):
        intake.report("body", "requestedBy", ONE_LINE)
    return name


def read_sender(intake: Intake, content: Mapping[str, Any], default: Sender) -> Sender:
    """Who asks: the body's own members, else ``default``; problems are reported."""
    requested_by = _requester(intake, content, default.requested_by)
    request_id = _text(intake, content, "requestId", default.request_id)
    if request_id is not None and not re.fullmatch(REQUEST_ID_PATTERN, request_id):
        text = "must be 1 to 100 letters, digits, points, hyphens or underscores"
        intake.report("body", "requestId", text)
    return Sender(
        # Where one of them was wrong, that has been reported; the default only completes the value.
        requested_by=requested_by or default.requested_by,
        request_id=request_id or default.request_id,
        requested_at=default.requested_at,
    )


def check_signed_in(intake: Intake, sender: Sender, signed_in_as: str) -> None:
    """Reports a sender who claims to be somebody else than the signed-in caller."""
    # Refused and not overruled: a list that claims to be somebody else's was sent by mistake.
    if sender.requested_by.casefold() != signed_in_as.strip().casefold():
        text = f"must be left out or be {signed_in_as}, the signed-in caller"
        intake.report("body", "requestedBy", text)


def _read_list(intake: Intake, content: Mapping[str, Any]) -> None:
    known = ("vaults", *SENDER_MEMBERS)
    for member in sorted(content.keys() - set(known)):
        intake.report_unknown("body", member, known, "member")
    vaults = content["vaults"]
    if not isinstance(vaults, list):
        intake.report("body", "vaults", "must be a list")
        return
    if not vaults:
        intake.report("body", "vaults", "the list holds no vaults")
    for index, vault in enumerate(vaults):
        if isinstance(vault, dict):
            intake.add(Row(where=f"vaults[{index}]", given=vault))
        else:
            intake.report(f"vaults[{index}]", WHOLE, "must be an object")


def read_vaults(intake: Intake, content: Mapping[str, Any]) -> None:
    """Adds the vaults of a body: those of its list, or the one it describes itself."""
    if "vaults" in content:
        _read_list(intake, content)
    else:
        # One vault needs no list around it: what says who asks stands among its own fields.
        given = {name: value for name, value in content.items() if name not in SENDER_MEMBERS}
        intake.add(Row(where="body", given=given))
