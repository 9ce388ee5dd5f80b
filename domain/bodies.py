"""Bodies of requests: JSON read with care, and what a model finds wrong in one."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from domain.codec import JsonObject
from domain.documents import path_text
from domain.errors import InvalidInputError, Problem

LONGEST_BODY = 16_000_000
"""Bytes of a body. Ten thousand vaults with every field are about six million; reading JSON keeps
the process from everything else meanwhile."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> JsonObject:
    # Python keeps the last of two members with one name; which one was meant is not ours to say.
    # Counted in one pass: a body of a hundred thousand members must not cost the square of it.
    times = Counter(name for name, _ in pairs)
    twice = sorted(name for name, count in times.items() if count > 1)
    if twice:
        raise ValueError(f"{', '.join(twice)} given twice in one object")
    return dict(pairs)


def parse_body(body: object) -> object:
    """The JSON value of a body that may still be text.

    Raises:
        ValueError: Too long, not JSON, or not UTF-8.
        RecursionError: Nested too deep.
    """
    if isinstance(body, bytes | bytearray | str) and len(body) > LONGEST_BODY:
        raise ValueError(f"{len(body)} bytes, and at most {LONGEST_BODY} are read. Split it")
    # Whatever the declared charset, JSON is UTF-8; a byte-order mark is passed over.
    if isinstance(body, bytes | bytearray):
        body = body.decode("utf-8-sig")
    if isinstance(body, str):
        text = body.removeprefix("\ufeff")
        return json.loads(text, object_pairs_hook=_without_duplicates)
    return body


def object_of(body: object) -> JsonObject:
    """The object a body holds.

    Raises:
        InvalidInputError: It holds none.
    """
    try:
        content = parse_body(body)
    # Text nested deep enough exhausts the parser's stack; that is the sender's mistake, not ours.
    except (ValueError, RecursionError) as error:
        raise _about_whole(f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise _about_whole("must be an object")
    return content


def _about_whole(message: str) -> InvalidInputError:
    return InvalidInputError([Problem(where="body", field="-", message=message)], subject="body")


def model_problems(
    invalid: ValidationError, *, spelt: Mapping[str, str] | None = None
) -> list[Problem]:
    """What a model found wrong in a body, member by member.

    Args:
        invalid: What the model raised.
        spelt: How the caller writes a field, where the model names it otherwise.
    """
    names = spelt or {}
    # Without the values: a problem is logged and shown, and a body may hold what is neither.
    return [
        Problem(
            where="body",
            field=path_text(tuple(names.get(str(step), step) for step in one["loc"])) or "-",
            message=one["msg"].removeprefix("Value error, "),
        )
        for one in invalid.errors(include_url=False, include_input=False)
    ]
