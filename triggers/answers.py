"""HTTP answers in the one form the API uses."""

import json
from typing import Any

import azure.functions as func

from domain.errors import InvalidInputError

LONGEST_TEXT = 500
"""Characters of each text about a mistake: it repeats what was sent, which may be megabytes."""


def answer(
    body: Any, status: int = 200, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """A JSON answer."""
    return func.HttpResponse(
        json.dumps(body), status_code=status, headers=headers, mimetype="application/json"
    )


def error(status: int, code: str, message: str, **details: Any) -> func.HttpResponse:
    """An error answer: ``{"error": {"code", "message", ...}}``."""
    return answer({"error": {"code": code, "message": message, **details}}, status)


def invalid_input(problem: InvalidInputError) -> func.HttpResponse:
    """400 with every problem found."""
    problems = [
        {
            "where": _short(one.where),
            "field": _short(one.field),
            "message": _short(one.message),
            "vault": one.vault and _short(one.vault),
        }
        for one in problem.problems
    ]
    return error(400, "InvalidInput", _short(problem.message), problems=problems)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
