"""The list of vaults a user hands in: a CSV or JSON file, checked whole before anything is sent."""

from datetime import datetime
from pathlib import Path

from domain.codec import JsonObject
from domain.errors import InvalidInputError, Problem
from domain.intake import requests_from_csv, requests_from_json
from domain.intake_fields import FIELDS
from domain.intake_message import message_body
from domain.requests import UpgradeRequest

MAX_BYTES = 50 * 1024 * 1024
"""A list of ten thousand vaults has about 3 MB; anything beyond this is not such a list."""


def _refuse(path: Path, message: str) -> InvalidInputError:
    return InvalidInputError(
        (Problem(where="file", field="-", message=message),), subject=str(path)
    )


def _read_text(path: Path) -> str:
    try:
        # Before it is read: a disk image given by mistake must not fill the memory.
        if path.stat().st_size > MAX_BYTES:
            raise _refuse(path, f"over {MAX_BYTES // 2**20} MB; not a list of vaults")
        # Excel puts a byte order mark in front of a CSV file.
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(path, "not text in UTF-8; save it as CSV UTF-8") from error
    except OSError as error:
        raise _refuse(path, f"cannot be read: {error.strerror or error}") from error


def read_vaults(
    path: Path, *, requested_by: str, request_id: str, requested_at: datetime
) -> tuple[UpgradeRequest, ...]:
    """One request per vault of the file.

    ``.json`` and ``.csv`` are what their names say; any other file is JSON when it begins with a
    brace.

    Raises:
        InvalidInputError: The file cannot be used; lists every problem with line and field.
    """
    text = _read_text(path)
    suffix = path.suffix.lower()
    # The name decides where it can; a pipe such as /dev/stdin has none that says anything.
    is_json = suffix == ".json" or (suffix != ".csv" and text.lstrip().startswith("{"))
    read = requests_from_json if is_json else requests_from_csv
    return read(
        text,
        requested_by=requested_by,
        request_id=request_id,
        requested_at=requested_at,
        source=str(path),
    )


# From the table that also checks them: a member added there travels without a change here.
_VAULT_MEMBERS = frozenset(field.member for field in FIELDS)


def _vault_body(request: UpgradeRequest) -> JsonObject:
    # The queue message holds the same members plus those of the whole list.
    message = message_body(request)
    return {member: value for member, value in message.items() if member in _VAULT_MEMBERS}


def upgrade_body(requests: tuple[UpgradeRequest, ...]) -> JsonObject:
    """The body of ``POST /api/upgrades`` for requests that came from one file."""
    first = requests[0]
    return {
        # One requester and one id for the whole file, so any of its requests has them.
        "requestedBy": first.requested_by,
        "requestId": first.request_id,
        "vaults": [_vault_body(request) for request in requests],
    }
