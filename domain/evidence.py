"""The frame of every evidence document, whoever writes it."""

from datetime import datetime

from domain.codec import JsonObject

EVIDENCE_SCHEMA = "vaultlift/evidence/1"
"""Version of the frame; ``data`` differs by kind."""


def evidence_document(
    *, kind: str, subject: str, run_id: str, at: datetime, data: JsonObject
) -> JsonObject:
    """One document as it is kept.

    Args:
        kind: What ``data`` is.
        subject: The vault it is about, or the campaign; the member is called ``vault``.
        run_id: The run it belongs to.
        at: When it is recorded, UTC.
        data: What is recorded.
    """
    return {
        "schema": EVIDENCE_SCHEMA,
        "kind": kind,
        "vault": subject,
        "runId": run_id,
        "recordedAt": at.isoformat(),
        "data": data,
    }
