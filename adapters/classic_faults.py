"""The error bodies of the classic management API, of any shape (facts vault-upgrade 3)."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from adapters.classic_xml import grandchildren, root_of, word
from adapters.safe_xml import NIL, child, namespace, text
from domain.upgrade import (
    CheckOutcome,
    PrerequisiteReason,
    Severity,
)

START_ERROR = "http://schemas.microsoft.com/wars"
"""Namespace that marks the start error (3.1 B)."""


_ROW, _COLUMN = "|", ";"


@dataclass(frozen=True, kw_only=True)
class ClassicError:
    """An error body, of any of its shapes."""

    code: str
    message: str
    recommended_action: str
    reasons: tuple[PrerequisiteReason, ...]
    """The list of shape A; empty for a plain error."""
    is_start_error: bool
    """Shape B: the service says that it did not start."""

    @property
    def is_verdict(self) -> bool:
        """The service looked at the vault and says why not; it did not merely break down."""
        return bool(self.reasons) or self.is_start_error

    def __str__(self) -> str:
        """Everything said, in one line."""
        parts = [self.message, *(f"{r.category}: {r.message}" for r in self.reasons)]
        return "; ".join(part for part in [*parts, self.recommended_action] if part)


def parse_error(body: bytes) -> ClassicError | None:
    """The error in a body; None for the nil error of a check that found nothing wrong.

    Raises:
        BodyError: The body is neither (3.1 C).
    """
    root = root_of(body, "Error")
    if root.get(NIL) in {"true", "1"}:
        return None
    if namespace(root) == START_ERROR:
        message = child(root, "Message")
        return ClassicError(
            code=word(root, "ErrorCode"),
            message="" if message is None else word(message, "Value"),
            recommended_action="",
            reasons=(),
            is_start_error=True,
        )
    return ClassicError(
        code=word(root, "Code"),
        message=word(root, "Message"),
        recommended_action=word(root, "RecommendedAction"),
        reasons=tuple(map(_reason, grandchildren(root, "Details", "ErrorDetail"))),
        is_start_error=False,
    )


def _reason(detail: Element) -> PrerequisiteReason:
    message = word(detail, "Message")
    # Exactly this word may be passed over; "warning" or an absent Type counts as an error (3.2).
    is_warning = text(detail, "Type") == Severity.WARNING.value
    return PrerequisiteReason(
        severity=Severity.WARNING if is_warning else Severity.ERROR,
        category=word(detail, "Category"),
        code=word(detail, "Code"),
        message=message,
        rows=split_table(message),
        recommended_action=word(detail, "RecommendedAction"),
        properties=word(detail, "Properties"),
    )


def split_table(message: str) -> tuple[tuple[str, ...], ...]:
    """The table in a message: rows end at ``|``, columns at ``;`` (3.3)."""
    return tuple(tuple(cell.strip() for cell in row.split(_COLUMN)) for row in message.split(_ROW))


def outcome_of(reasons: tuple[PrerequisiteReason, ...]) -> CheckOutcome:
    """What a check with these reasons came to (1.4)."""
    if any(reason.severity is Severity.ERROR for reason in reasons):
        return CheckOutcome.FAILED
    return CheckOutcome.WITH_WARNINGS if reasons else CheckOutcome.SUCCEEDED
