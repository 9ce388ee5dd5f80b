"""The XML bodies of the classic management API, both ways (facts vault-upgrade 2).

Nothing here sends anything; bodies of errors: :mod:`adapters.classic_faults`. Missing elements are
tolerated as the original client does; an element that is there and makes no sense is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from adapters.safe_xml import UnsafeXmlError, child, local_name, parse_xml, text
from domain.moments import as_utc
from domain.upgrade import (
    ClassicVault,
    TriggerType,
    UpgradeRecord,
    UpgradeStatus,
)
from domain.vaults import ClassicVaultRef, Provenance, VaultType

AZURE = "http://schemas.microsoft.com/windowsazure"
"""Namespace of all bodies but the start error's."""

_FIRST_YEAR, _LAST_YEAR = 1, 9999
_VAULT_TYPES = {kind.value.casefold(): kind for kind in VaultType}


class BodyError(ValueError):
    """A body that is not of the form this call is known to answer with."""


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


def root_of(body: bytes, *names: str) -> Element:
    """The root of a body.

    Raises:
        BodyError: Not XML that may be read, or of none of these names.
    """
    try:
        root = parse_xml(body)
    except UnsafeXmlError as error:
        raise BodyError(str(error)) from None
    if local_name(root) not in names:
        raise BodyError(f"{' or '.join(names)} expected, not {local_name(root)[:80]}")
    return root


def word(element: Element, name: str) -> str:
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
    return as_utc(moment)


def _status(word: str | None) -> UpgradeStatus:
    # A word nobody has seen yet must not stop the reading of a list with a hundred other vaults.
    return UpgradeStatus(word) if word in set(UpgradeStatus) else UpgradeStatus.UNKNOWN


def _trigger(word: str | None) -> TriggerType:
    return TriggerType(word) if word in set(TriggerType) else TriggerType.OTHER


def _record(details: Element) -> UpgradeRecord:
    return UpgradeRecord(
        operation_id=word(details, "OperationId"),
        status=_status(text(details, "Status")),
        trigger_type=_trigger(text(details, "TriggerType")),
        started_at=_time(text(details, "StartTimeUtc")),
        last_updated_at=_time(text(details, "LastUpdatedTimeUtc")),
        ended_at=_time(text(details, "EndTimeUtc")),
        message=word(details, "Message"),
        upgraded_resource_id=word(details, "UpgradedResourceId"),
        previous_resource_id=text(details, "PreviousResourceId"),
    )


def parse_record(body: bytes) -> UpgradeRecord:
    """The record that a start is answered with.

    Raises:
        BodyError: The body is something else.
    """
    return _record(root_of(body, "ResourceUpgradeDetails"))


def parse_operation(body: bytes) -> OperationFields:
    """The answer of upgradeOperationResult.

    Raises:
        BodyError: The body is something else.
    """
    root = root_of(body, "OperationInfo")
    return OperationFields(
        status=word(root, "OperationStatus"),
        result=word(root, "OperationResult"),
        error_code=word(root, "ErrorCode"),
        message=word(root, "Message"),
    )


def parse_vaults(
    body: bytes, subscription_id: str, provenance: Provenance
) -> tuple[ClassicVault, ...]:
    """The vaults in the list of cloud services; other kinds of resource are left out.

    Raises:
        BodyError: The body is not that list.
    """
    vaults: list[ClassicVault] = []
    for service in _children(root_of(body, "CloudServices"), "CloudService"):
        for resource in grandchildren(service, "Resources", "Resource"):
            kind = _VAULT_TYPES.get(word(resource, "Type").casefold())
            # Cloud services may hold resources of other providers; what is no vault is not looked
            # at.
            if kind is None:
                continue
            ref = ClassicVaultRef(
                subscription_id=subscription_id.lower(),
                region=word(service, "GeoRegion"),
                name=word(resource, "Name"),
                vault_type=kind,
            )
            vaults.append(_vault(resource, ref, word(service, "Name"), provenance))
    return tuple(vaults)


def _vault(
    resource: Element, ref: ClassicVaultRef, cloud_service: str, provenance: Provenance
) -> ClassicVault:
    settings = child(resource, "IntrinsicSettings")
    details = None if settings is None else child(settings, "ResourceUpgradeDetails")
    # Keys and values in free order; ResourceId is the service's own number for the vault (2.1).
    items = grandchildren(resource, "OutputItems", "OutputItem")
    outputs = {text(item, "Key"): text(item, "Value") for item in items}
    return ClassicVault(
        ref=ref,
        cloud_service=cloud_service,
        resource_namespace=word(resource, "ResourceProviderNamespace"),
        state=word(resource, "State"),
        sub_state=word(resource, "SubState"),
        resource_id=outputs.get("ResourceId"),
        record=None if details is None else _record(details),
        provenance=provenance,
    )


def _children(element: Element, name: str) -> Iterator[Element]:
    return (found for found in element if local_name(found) == name)


def grandchildren(element: Element, middle: str, name: str) -> Iterator[Element]:
    """The entries of a list that stands in an element of its own; none where that is missing."""
    inner = child(element, middle)
    return iter(()) if inner is None else _children(inner, name)
