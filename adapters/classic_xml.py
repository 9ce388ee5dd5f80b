"""The XML bodies of the classic management API, both ways (facts vault-upgrade 2 and 3).

Nothing here sends anything. Missing elements are tolerated as the original client does; an element
that is there and makes no sense is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from adapters.safe_xml import NIL, UnsafeXmlError, child, local_name, namespace, parse_xml, text
from domain.upgrade import (
    CheckOutcome,
    ClassicVault,
    PrerequisiteReason,
    Severity,
    TriggerType,
    UpgradeRecord,
    UpgradeStatus,
)
from domain.vaults import ClassicVaultRef, Provenance, VaultType

AZURE = "http://schemas.microsoft.com/windowsazure"
"""Namespace of all bodies but the start error's."""
START_ERROR = "http://schemas.microsoft.com/wars"
"""Namespace that marks the start error (3.1 B)."""

_ROW, _COLUMN = "|", ";"
_FIRST_YEAR, _LAST_YEAR = 1, 9999
_VAULT_TYPES = {kind.value.casefold(): kind for kind in VaultType}


class BodyError(ValueError):
    """A body that is not of the form this call is known to answer with."""


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


@dataclass(frozen=True, kw_only=True)
class OperationFields:
    """The fields of OperationInfo that are ever filled (2.4)."""

    status: str
    result: str
    error_code: str
    message: str


def build_upgrade_input(target_arm_id: str) -> bytes:
    """The body of check and start: two blanks of indent, CR LF, no declaration (2.0)."""
    return (
        f'<ResourceUpgradeInput xmlns="{AZURE}">\r\n'
        f"  <NewResourcePath>{escape(target_arm_id)}</NewResourcePath>\r\n"
        "</ResourceUpgradeInput>"
    ).encode()


def _root(body: bytes, *names: str) -> Element:
    try:
        root = parse_xml(body)
    except UnsafeXmlError as error:
        raise BodyError(str(error)) from None
    if local_name(root) not in names:
        raise BodyError(f"{' or '.join(names)} expected, not {local_name(root)[:80]}")
    return root


def _word(element: Element, name: str) -> str:
    """The text of a child, where absent, nil and empty mean the same."""
    return text(element, name) or ""


def _time(value: str | None) -> datetime | None:
    """A moment; None for absent ones and for the sentinels that mean "not yet" (2.3)."""
    if not value:
        return None
    try:
        # Python cuts the seventh digit of the fraction off; a tenth of a microsecond is no loss.
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise BodyError(f"not a time: {value[:40]!r}") from None
    if moment.year in {_FIRST_YEAR, _LAST_YEAR}:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _status(word: str | None) -> UpgradeStatus:
    # A word nobody has seen yet must not stop the reading of a list with a hundred other vaults.
    return UpgradeStatus(word) if word in set(UpgradeStatus) else UpgradeStatus.UNKNOWN


def _trigger(word: str | None) -> TriggerType:
    return TriggerType(word) if word in set(TriggerType) else TriggerType.OTHER


def _record(details: Element) -> UpgradeRecord:
    return UpgradeRecord(
        operation_id=_word(details, "OperationId"),
        status=_status(text(details, "Status")),
        trigger_type=_trigger(text(details, "TriggerType")),
        started_at=_time(text(details, "StartTimeUtc")),
        last_updated_at=_time(text(details, "LastUpdatedTimeUtc")),
        ended_at=_time(text(details, "EndTimeUtc")),
        message=_word(details, "Message"),
        upgraded_resource_id=_word(details, "UpgradedResourceId"),
        previous_resource_id=text(details, "PreviousResourceId"),
    )


def parse_record(body: bytes) -> UpgradeRecord:
    """The record that a start is answered with.

    Raises:
        BodyError: The body is something else.
    """
    return _record(_root(body, "ResourceUpgradeDetails"))


def parse_operation(body: bytes) -> OperationFields:
    """The answer of upgradeOperationResult.

    Raises:
        BodyError: The body is something else.
    """
    root = _root(body, "OperationInfo")
    return OperationFields(
        status=_word(root, "OperationStatus"),
        result=_word(root, "OperationResult"),
        error_code=_word(root, "ErrorCode"),
        message=_word(root, "Message"),
    )


# --- the list of cloud services --------------------------------------------------------------


def parse_vaults(
    body: bytes, subscription_id: str, provenance: Provenance
) -> tuple[ClassicVault, ...]:
    """The vaults in the list of cloud services; other kinds of resource are left out.

    Raises:
        BodyError: The body is not that list.
    """
    vaults: list[ClassicVault] = []
    for service in _children(_root(body, "CloudServices"), "CloudService"):
        for resource in _grandchildren(service, "Resources", "Resource"):
            kind = _VAULT_TYPES.get(_word(resource, "Type").casefold())
            # Cloud services may hold resources of other providers; what is no vault is not looked
            # at.
            if kind is None:
                continue
            ref = ClassicVaultRef(
                subscription_id=subscription_id.lower(),
                region=_word(service, "GeoRegion"),
                name=_word(resource, "Name"),
                vault_type=kind,
            )
            vaults.append(_vault(resource, ref, _word(service, "Name"), provenance))
    return tuple(vaults)


def _vault(
    resource: Element, ref: ClassicVaultRef, cloud_service: str, provenance: Provenance
) -> ClassicVault:
    settings = child(resource, "IntrinsicSettings")
    details = None if settings is None else child(settings, "ResourceUpgradeDetails")
    # Keys and values in free order; ResourceId is the service's own number for the vault (2.1).
    items = _grandchildren(resource, "OutputItems", "OutputItem")
    outputs = {text(item, "Key"): text(item, "Value") for item in items}
    return ClassicVault(
        ref=ref,
        cloud_service=cloud_service,
        resource_namespace=_word(resource, "ResourceProviderNamespace"),
        state=_word(resource, "State"),
        sub_state=_word(resource, "SubState"),
        resource_id=outputs.get("ResourceId"),
        record=None if details is None else _record(details),
        provenance=provenance,
    )


def _children(element: Element, name: str) -> Iterator[Element]:
    return (found for found in element if local_name(found) == name)


def _grandchildren(element: Element, middle: str, name: str) -> Iterator[Element]:
    inner = child(element, middle)
    return iter(()) if inner is None else _children(inner, name)


# --- errors ----------------------------------------------------------------------------------


def parse_error(body: bytes) -> ClassicError | None:
    """The error in a body; None for the nil error of a check that found nothing wrong.

    Raises:
        BodyError: The body is neither (3.1 C).
    """
    root = _root(body, "Error")
    if root.get(NIL) in {"true", "1"}:
        return None
    if namespace(root) == START_ERROR:
        message = child(root, "Message")
        return ClassicError(
            code=_word(root, "ErrorCode"),
            message="" if message is None else _word(message, "Value"),
            recommended_action="",
            reasons=(),
            is_start_error=True,
        )
    return ClassicError(
        code=_word(root, "Code"),
        message=_word(root, "Message"),
        recommended_action=_word(root, "RecommendedAction"),
        reasons=tuple(map(_reason, _grandchildren(root, "Details", "ErrorDetail"))),
        is_start_error=False,
    )


def _reason(detail: Element) -> PrerequisiteReason:
    message = _word(detail, "Message")
    # Exactly this word may be passed over; "warning" or an absent Type counts as an error (3.2).
    is_warning = text(detail, "Type") == Severity.WARNING.value
    return PrerequisiteReason(
        severity=Severity.WARNING if is_warning else Severity.ERROR,
        category=_word(detail, "Category"),
        code=_word(detail, "Code"),
        message=message,
        rows=split_table(message),
        recommended_action=_word(detail, "RecommendedAction"),
        properties=_word(detail, "Properties"),
    )


def split_table(message: str) -> tuple[tuple[str, ...], ...]:
    """The table in a message: rows end at ``|``, columns at ``;`` (3.3)."""
    return tuple(tuple(cell.strip() for cell in row.split(_COLUMN)) for row in message.split(_ROW))


def outcome_of(reasons: tuple[PrerequisiteReason, ...]) -> CheckOutcome:
    """What a check with these reasons came to (1.4)."""
    if any(reason.severity is Severity.ERROR for reason in reasons):
        return CheckOutcome.FAILED
    return CheckOutcome.WITH_WARNINGS if reasons else CheckOutcome.SUCCEEDED
