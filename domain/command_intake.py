"""Reads the body of a command: who gives it, and why."""

from pydantic import ValidationError

from domain.bodies import model_problems, object_of
from domain.campaign_body import CommandBody
from domain.errors import InvalidInputError, Problem
from domain.intake_fields import is_one_line
from domain.intake_json import ONE_LINE


def read_command(body: object, signed_in_as: str | None) -> tuple[str, str]:
    """Who asks, and their comment.

    Raises:
        InvalidInputError: Nobody says who asks, or somebody else than the signed-in caller.
    """
    try:
        # Nothing at all is as good as an empty object: behind a sign-in there is nothing to say.
        command = CommandBody.model_validate(object_of(body or "{}"))
    except ValidationError as error:
        raise InvalidInputError(model_problems(error), subject="body") from error
    return _requester((command.requested_by or "").strip(), signed_in_as), command.comment


def _requester(claimed: str, signed_in_as: str | None) -> str:
    if not is_one_line(claimed):
        raise _about_requester(ONE_LINE)
    if not signed_in_as:
        if not claimed:
            raise _about_requester("is missing")
        return claimed
    # Refused, although the sign-in would count anyway: a script that thinks it acts for somebody
    # else should hear that it does not.
    if claimed and claimed.casefold() != signed_in_as.strip().casefold():
        raise _about_requester(f"must be left out or be {signed_in_as}, the signed-in caller")
    return signed_in_as


def _about_requester(message: str) -> InvalidInputError:
    return InvalidInputError([Problem(where="body", field="requestedBy", message=message)])
