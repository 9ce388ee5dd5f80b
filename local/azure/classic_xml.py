"""The XML of the classic API, byte for byte (vault-upgrade 2.0-2.4, 3.1).

No white space between elements. An empty string is ``<X></X>`` where the element stands in a root
of its own and ``<X/>`` inside the cloud-service list; nil is ``<X i:nil="true"/>``.
"""

from collections.abc import Callable, Iterable, Sequence
from xml.sax.saxutils import escape

from local.azure.model import CloudService, Reason, UpgradeRecord, Vault
from local.azure.moments import END_NOT_REACHED, format_ticks

WINDOWS_AZURE = "http://schemas.microsoft.com/windowsazure"
WARS = "http://schemas.microsoft.com/wars"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
_ROOT_NAMES = f'xmlns="{WINDOWS_AZURE}" xmlns:i="{_INSTANCE}"'

NO_ERROR = f'<Error i:nil="true" {_ROOT_NAMES}/>'
"""Answer of the prerequisite check when all is good: 123 bytes."""


def _full(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _short(name: str, text: str) -> str:
    return _full(name, text) if text else f"<{name}/>"


def cloud_services(services: Iterable[tuple[CloudService, Sequence[Vault]]], now: int) -> str:
    """The list of classic vaults; elements in the list's own order, not the alphabet's."""
    inner = "".join(_cloud_service(service, vaults, now) for service, vaults in services)
    if not inner:
        return f"<CloudServices {_ROOT_NAMES}/>"
    return f"<CloudServices {_ROOT_NAMES}>{inner}</CloudServices>"


def _cloud_service(service: CloudService, vaults: Sequence[Vault], now: int) -> str:
    head = (
        _full("Name", service.name)
        + _full("Label", service.label)
        + _full("Description", service.description)
        + _full("GeoRegion", service.region)
    )
    resources = "".join(_resource(vault, now) for vault in vaults)
    return f"<CloudService>{head}<Resources>{resources}</Resources></CloudService>"


def _resource(vault: Vault, now: int) -> str:
    ids = vault.classic
    if ids is None:
        raise ValueError(f"{vault.name} was never a classic vault")
    record = vault.record
    # The vault's state, its operation and its ETag stay what they were through the upgrade.
    settings = (
        f"<IntrinsicSettings><ResourceUpgradeDetails>{_record(record, now, _short)}"
        "</ResourceUpgradeDetails></IntrinsicSettings>"
        if record
        else ""
    )
    outputs = "".join(
        f"<OutputItem><Key>{key}</Key><Value>{escape(value)}</Value></OutputItem>"
        for key, value in (
            ("StampId", ids.stamp_id),
            ("ResourceId", str(ids.resource_id)),
            ("BackendStampId", ids.backend_stamp_id),
        )
    )
    return (
        "<Resource>"
        + _full("ResourceProviderNamespace", ids.namespace)
        + _full("Type", vault.vault_type)
        + _full("Name", vault.name)
        + "<Plan/><SchemaVersion>1.1</SchemaVersion>"
        + _full("ETag", ids.etag)
        + "<State>Started</State><SubState>Ok</SubState>"
        + settings
        + f"<OutputItems>{outputs}</OutputItems>"
        + "<OperationStatus><Type>Create</Type><Result>Succeeded</Result></OperationStatus>"
        + "<Label/></Resource>"
    )


def upgrade_details(record: UpgradeRecord, now: int) -> str:
    """The record as the start call answers it."""
    inner = _record(record, now, _full)
    return f"<ResourceUpgradeDetails {_ROOT_NAMES}>{inner}</ResourceUpgradeDetails>"


def _record(record: UpgradeRecord, now: int, text: Callable[[str, str], str]) -> str:
    is_over = record.ended is not None and record.ended <= now
    end = format_ticks(record.ended) if is_over and record.ended else END_NOT_REACHED
    # Once it is over, both moments are the same in every record (vault-upgrade 2.3).
    updated = end if is_over else format_ticks(record.started)
    return (
        _full("EndTimeUtc", end)
        + _full("LastUpdatedTimeUtc", updated)
        + text("Message", record.message if is_over else "")
        + _full("OperationId", record.operation_id)
        # Nil in every recording, before and after the upgrade (vault-upgrade 2.3, 2.6).
        + '<PreviousResourceId i:nil="true"/>'
        + _full("StartTimeUtc", format_ticks(record.started))
        + _full("Status", record.status(now))
        + _full("TriggerType", record.trigger)
        + _full("UpgradedResourceId", record.target_path)
    )


def operation_info(*, error_code: str, message: str, result: str, status: str) -> str:
    """The answer of upgradeOperationResult."""
    return (
        f"<OperationInfo {_ROOT_NAMES}>"
        + _full("ErrorCode", error_code)
        + '<JobSteps i:nil="true"/>'
        + f'<Jobs i:nil="true" xmlns:d2p1="{_ARRAYS}"/>'
        + _full("Message", message)
        + _full("OperationResult", result)
        + _full("OperationStatus", status)
        + "</OperationInfo>"
    )


def upgrade_error(code: str, message: str, reasons: Sequence[Reason] = ()) -> str:
    """An error of shape A; with reasons it is a list, without a plain one (vault-upgrade 3.1)."""
    # An error without Details is shown by clients as one plain text (vault-upgrade 3.1).
    if not reasons:
        body = _full("Code", code) + _full("Message", message)
        return f"<Error {_ROOT_NAMES}>{body}</Error>"
    details = "".join(_error_detail(reason) for reason in reasons)
    body = (
        _full("Code", code)
        + f"<Details>{details}</Details>"
        + _full("Message", message)
        + _full("RecommendedAction", "")
    )
    return f"<Error {_ROOT_NAMES}>{body}</Error>"


def _error_detail(reason: Reason) -> str:
    return (
        # In alphabetical order: a data-contract reader skips what comes out of it (3.1).
        "<ErrorDetail>"
        + _full("Category", reason.category)
        + _full("Code", reason.code)
        + _full("Message", reason.message)
        # What the service puts here was never seen; clients only print it.
        + _full("Properties", "")
        + _full("RecommendedAction", reason.recommended_action)
        + _full("Type", reason.severity)
        + "</ErrorDetail>"
    )


def start_error(code: str, message: str) -> str:
    """An error of shape B, known by its namespace (vault-upgrade 3.1)."""
    text = f"<Language>en-us</Language>{_full('Value', message)}"
    return f'<Error xmlns="{WARS}">{_full("ErrorCode", code)}<Message>{text}</Message></Error>'
