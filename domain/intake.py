"""Lists of vaults from files and HTTP bodies.

Everything wrong is raised as one InvalidInputError: nobody has to hand a list in again and again
to find its next mistake. Field names in problems are the caller's own.
"""

from datetime import datetime

from domain.intake_csv import read_csv
from domain.intake_fields import FIELDS
from domain.intake_json import (
    check_signed_in,
    read_object,
    read_sender,
    read_vaults,
)
from domain.intake_rows import Intake, Sender
from domain.requests import UpgradeRequest

_MEMBERS = tuple((one.member, one) for one in FIELDS)
_COLUMNS = tuple((one.column, one) for one in FIELDS)


def requests_from_csv(
    text: str, *, requested_by: str, request_id: str, requested_at: datetime, source: str
) -> tuple[UpgradeRequest, ...]:
    """One request per row of a CSV file with a header line.

    Args:
        text: The file's content; a byte-order mark is passed over.
        requested_by: Who hands the list in.
        request_id: The id of the whole list; every request carries it.
        requested_at: UTC.
        source: The file's name, for messages.

    Raises:
        InvalidInputError: Anything is wrong; each problem names its line and column.
    """
    intake = Intake(_COLUMNS, source)
    # Spreadsheets begin their files with a byte-order mark.
    read_csv(intake, text.removeprefix("\ufeff"))
    sender = Sender(requested_by=requested_by, request_id=request_id, requested_at=requested_at)
    return intake.requests(sender)


def requests_from_json(
    body: object,
    *,
    requested_by: str,
    request_id: str,
    requested_at: datetime,
    source: str,
    signed_in_as: str | None = None,
) -> tuple[UpgradeRequest, ...]:
    """One request per vault of an HTTP body: one vault object, or an object with ``vaults``.

    Args:
        body: The body as text, bytes or already parsed.
        requested_by: Who asks, where the body has no ``requestedBy``; empty: the body must say.
        request_id: The id to use where the body has no ``requestId``.
        requested_at: UTC.
        source: What the body is, for messages.
        signed_in_as: Who really calls, where the platform knows. A body that claims somebody else
            is refused: nobody may approve what they asked for under another name.

    Raises:
        InvalidInputError: Anything is wrong; each problem names ``vaults[i]`` and the member.
    """
    intake = Intake(_MEMBERS, source)
    default = signed_in_as or requested_by
    sender = Sender(requested_by=default, request_id=request_id, requested_at=requested_at)
    content = read_object(intake, body)
    if content is not None:
        sender = read_sender(intake, content, sender)
        if signed_in_as:
            check_signed_in(intake, sender, signed_in_as)
        read_vaults(intake, content)
    return intake.requests(sender)
