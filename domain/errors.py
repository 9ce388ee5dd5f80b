"""Every error vaultlift raises on purpose.

::

    VaultliftError                  anything below; carries subject, OperationId, request id
    ├── InvalidInputError           what the caller handed in; lists every problem at once
    ├── ConfigurationError          a setting is missing or contradicts another
    ├── ServiceError                a service answered, or failed to
    │   ├── NotFoundError           404: the thing is not there
    │   ├── AccessDeniedError       401, 403: we may not see or do it
    │   ├── ThrottledError          429: too many calls; says when to come back
    │   ├── RefusedError            400, 409 and the like: understood, and refused
    │   ├── UnavailableError        5xx, lost connection, time-out, before any effect
    │   ├── UnexpectedAnswerError   an answer that cannot be what the service sends
    │   └── OutcomeUnknownError     a write was sent and nobody knows whether it took effect
    ├── TransitionError             a state change the state table does not allow
    └── EvidenceError               the evidence store cannot keep or give back a document

A failure is raised, never returned. A refusal that the workflow plans for (a prerequisite that
does not hold, a denied approval) is a result, not an error.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_STOPS = (".", "!", "?", ":")
_ASKED_WAIT = "The service asks to wait {} s."
# Nine digits are thirty years: what is longer is no time to wait.
_ASKED_WAIT_PATTERN = re.compile(re.escape(_ASKED_WAIT).replace(r"\{\}", "([0-9]{1,9})"))


def asked_wait_s(text: str) -> int | None:
    """Seconds the service asked to wait, out of the text of an error; None where it did not.

    The text of a failed activity is all of it that every backend hands to the workflow, some of
    them with a stack around it.
    """
    found = _ASKED_WAIT_PATTERN.search(text)
    return int(found[1]) if found else None


class VaultliftError(Exception):
    """Base of every error raised on purpose.

    Args:
        message: What went wrong, in one sentence.
        subject: What it is about: a vault, a policy, a setting, a file.
        operation_id: The OperationId of the upgrade concerned; support asks for it.
        request_id: The service's request id (``x-ms-request-id``) of the failing call.
        what_to_do: The next step for the person who reads this.
    """

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        operation_id: str | None = None,
        request_id: str | None = None,
        what_to_do: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.operation_id = operation_id
        self.request_id = request_id
        self.what_to_do = what_to_do

    def __str__(self) -> str:
        """One line with everything the error carries, as it goes into history and logs."""
        head = f"{self.subject}: {self.message}" if self.subject else self.message
        ids = [
            f"{label} {value}"
            for label, value in (
                ("OperationId", self.operation_id),
                ("request id", self.request_id),
            )
            if value
        ]
        tail = f" ({', '.join(ids)})" if ids else ""
        said = f"{head}{tail}"
        if not self.what_to_do:
            return said
        # Written out, although domain.sentences joins sentences, too: nearly every module imports
        # this one, so it imports nothing of ours.
        stop = "" if said.endswith(_STOPS) else "."
        return f"{said}{stop} {self.what_to_do}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with what was handed in."""

    where: str
    """Where it stands: ``line 3`` of a file, ``vaults[0]`` of a JSON body, ``body``."""
    field: str
    """The field's name as the caller wrote it, or ``-`` when it is about the whole."""
    message: str
    """What is wrong and what would be right."""
    vault: str | None = None
    """The vault's name, where the row gave one."""


class InvalidInputError(VaultliftError):
    """What was handed in cannot be used; ``problems`` lists all that was found."""

    def __init__(self, problems: Sequence[Problem], *, subject: str | None = None) -> None:
        count = len(problems)
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} in the input; nothing was sent.",
            subject=subject,
        )
        self.problems = tuple(problems)


class ConfigurationError(VaultliftError):
    """A setting is missing, malformed, or contradicts another."""


class ServiceError(VaultliftError):
    """A service answered with an error, or did not answer.

    Args:
        status: The HTTP status, or None when no answer came.
        code: The service's own error code, where it gave one.
        retry_after_s: Seconds to wait, as the service said, or None when it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        subject: str | None = None,
        operation_id: str | None = None,
        request_id: str | None = None,
        what_to_do: str | None = None,
    ) -> None:
        super().__init__(
            message,
            subject=subject,
            operation_id=operation_id,
            request_id=request_id,
            what_to_do=what_to_do,
        )
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        """As of every error; the wait that is asked for stands at the end."""
        said = super().__str__()
        if not self.retry_after_s:
            return said
        stop = "" if said.endswith(_STOPS) else "."
        return f"{said}{stop} {_ASKED_WAIT.format(math.ceil(self.retry_after_s))}"


class NotFoundError(ServiceError):
    """The service does not know the thing that was asked for."""


class AccessDeniedError(ServiceError):
    """The identity may not see or do this; a role is missing or has not spread yet."""


class ThrottledError(ServiceError):
    """Too many calls.

    Args:
        retry_after_s: Seconds to wait, as the service said, or None when it did not say.
    """

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, **ids: str | None
    ) -> None:
        super().__init__(message, status=429, retry_after_s=retry_after_s, **ids)


class RefusedError(ServiceError):
    """The service understood the request and refused it."""


class UnavailableError(ServiceError):
    """The service could not be reached or broke down; nothing was changed."""


class UnexpectedAnswerError(ServiceError):
    """The answer is not of a form this service is known to send."""


class OutcomeUnknownError(ServiceError):
    """A write was sent and its answer was lost: it may or may not have taken effect."""


class TransitionError(VaultliftError):
    """A state change that the state table does not allow."""


class EvidenceError(VaultliftError):
    """The evidence store cannot keep or give back a document."""
