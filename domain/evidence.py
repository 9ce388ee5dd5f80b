"""The frame of every evidence document, whoever writes it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.codec import JsonObject, to_json
from domain.requests import UpgradeRequest

EVIDENCE_SCHEMA = "vaultlift/evidence/1"
"""Version of the frame; ``data`` differs by kind."""


def evidence_document(
    *, kind: str, subject: str, run_id: str, at: datetime, data: Mapping[str, Any]
) -> JsonObject:
    """One document as it is kept.

    Args:
        kind: What ``data`` is.
        subject: The vault it is about, or the campaign; the member is called ``vault``.
        run_id: The run it belongs to.
        at: When it is recorded, UTC.
        data: What is recorded; a type of :mod:`domain.evidence_data` or
            :mod:`domain.evidence_marks`, or plain JSON of another.
    """
    return {
        "schema": EVIDENCE_SCHEMA,
        "kind": kind,
        "vault": subject,
        "runId": run_id,
        "recordedAt": at.isoformat(),
        "data": data,
    }


_OCCASION = re.compile(r"-(?:[0-9]+|[0-9a-f]{12}|[0-9]{8}T[0-9]+)$")
"""What tells several documents of one step apart: a count, a plan's hash, a moment."""


def kind_of(step: str) -> str:
    """The kind of a step's document: ``03-checks-2`` and every other look is of kind ``checks``.

    A reader chooses by kind what ``data`` is, so it must not differ from one look to the next.
    """
    return _OCCASION.sub("", step.split("-", 1)[-1])


def accepted_key(request: UpgradeRequest) -> str:
    """Where a request is kept from the moment it was taken, whoever took it."""
    return f"vaults/{request.vault.key}/accepted/{request.request_id}.json"


def accepted_document(request: UpgradeRequest) -> JsonObject:
    """A request that was taken; the same whoever keeps it first, the API or the queue."""
    return evidence_document(
        kind="accepted",
        subject=str(request.vault),
        run_id=request.request_id,
        at=request.requested_at,
        data=to_json(request),
    )
