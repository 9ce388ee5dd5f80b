"""How a document of evidence is written, and read again, the same in every store."""

import json

from domain.codec import JsonObject
from domain.errors import EvidenceError


def canonical(document: JsonObject) -> bytes:
    """The one way a document is written: sorted members, two blanks of indent, UTF-8.

    Raises:
        EvidenceError: The document is not plain JSON.
    """
    try:
        # One spelling for one document, so that two writers of the same fact write the same bytes.
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
        return f"{text}\n".encode()
    except (TypeError, ValueError) as error:
        raise EvidenceError(f"not plain JSON: {error}") from None


def parse_document(content: bytes, key: str) -> JsonObject:
    """The document a store holds under ``key``.

    Raises:
        EvidenceError: The content is no JSON object: somebody else wrote or cut it.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise EvidenceError(f"damaged: {error}", subject=key) from None
    if not isinstance(document, dict):
        raise EvidenceError("damaged: not a JSON object", subject=key)
    return document
