"""Bodies of the classic API, in the shapes the service sends."""

from datetime import UTC, datetime

import pytest

from adapters.classic_xml import (
    BodyError,
    build_upgrade_input,
    parse_operation,
    parse_record,
    parse_vaults,
)
from domain.upgrade import TriggerType, UpgradeStatus
from domain.vaults import Provenance, VaultType
from tests.fakes import NOON, SUBSCRIPTION

AZURE = "http://schemas.microsoft.com/windowsazure"
NAMESPACES = f'xmlns="{AZURE}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
PROVENANCE = Provenance(source="GET x", request_id="r", read_at=NOON)


def _details(inner: str) -> bytes:
    return f"<ResourceUpgradeDetails {NAMESPACES}>{inner}</ResourceUpgradeDetails>".encode()


def _list(resource: str) -> bytes:
    return (
        f"<CloudServices {NAMESPACES}><CloudService><Name>cs-1</Name>"
        f"<GeoRegion>West US</GeoRegion><Resources>{resource}</Resources>"
        "</CloudService></CloudServices>"
    ).encode()


def test_the_request_is_indented_with_crlf_and_no_declaration() -> None:
    """The body is written as the original client writes it."""
    body = build_upgrade_input("/subscriptions/s/x")

    assert body == (
        b'<ResourceUpgradeInput xmlns="http://schemas.microsoft.com/windowsazure">\r\n'
        b"  <NewResourcePath>/subscriptions/s/x</NewResourcePath>\r\n"
        b"</ResourceUpgradeInput>"
    )


def test_the_request_escapes_what_xml_needs() -> None:
    """A name cannot break out of its element."""
    assert b"<NewResourcePath>a&amp;b&lt;c&gt;</NewResourcePath>" in build_upgrade_input("a&b<c>")


def test_a_running_record_has_no_end() -> None:
    """The last moment of the year 9999 means that the upgrade has not ended."""
    record = parse_record(
        _details(
            "<EndTimeUtc>9999-12-31T23:59:59.9999999</EndTimeUtc>"
            "<OperationId>op-1</OperationId><PreviousResourceId i:nil='true' />"
            "<StartTimeUtc>2017-03-23T12:18:17.174831Z</StartTimeUtc>"
            "<Status>InProgress</Status><TriggerType>UserTriggered</TriggerType>"
        )
    )

    assert (UpgradeStatus.IN_PROGRESS, None, None) == (
        record.status,
        record.ended_at,
        record.previous_resource_id,
    )
    assert datetime(2017, 3, 23, 12, 18, 17, 174831, tzinfo=UTC) == record.started_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-03-28T10:03:17.9915356Z", datetime(2017, 3, 28, 10, 3, 17, 991535, tzinfo=UTC)),
        ("2017-03-28T10:03:17Z", datetime(2017, 3, 28, 10, 3, 17, tzinfo=UTC)),
        ("2017-03-28T10:03:17.5", datetime(2017, 3, 28, 10, 3, 17, 500000, tzinfo=UTC)),
        ("2017-03-28T12:03:17+02:00", datetime(2017, 3, 28, 10, 3, 17, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("", None),
    ],
)
def test_times_are_utc_or_absent(text: str, expected: datetime | None) -> None:
    """Seven digits, no zone, another zone and both sentinels are all understood."""
    record = parse_record(_details(f"<StartTimeUtc>{text}</StartTimeUtc>"))

    assert expected == record.started_at


def test_a_record_may_lack_everything() -> None:
    """Missing elements are tolerated, as the original client tolerates them."""
    record = parse_record(_details(""))

    assert ("", UpgradeStatus.UNKNOWN, TriggerType.OTHER, None, "") == (
        record.operation_id,
        record.status,
        record.trigger_type,
        record.started_at,
        record.upgraded_resource_id,
    )


def test_words_not_seen_yet_are_kept_apart() -> None:
    """A new status reads as unknown and a new trigger as other, never as success."""
    record = parse_record(_details("<Status>Paused</Status><TriggerType>Robot</TriggerType>"))

    assert (UpgradeStatus.UNKNOWN, TriggerType.OTHER) == (record.status, record.trigger_type)


@pytest.mark.parametrize(
    "body",
    [
        b"<html/>",
        b"nonsense",
        _details("<StartTimeUtc>yesterday</StartTimeUtc>"),
        f"<Error {NAMESPACES}><Code>x</Code></Error>".encode(),
    ],
)
def test_what_is_no_record_is_refused(body: bytes) -> None:
    """Another document, or one that makes no sense, is not taken for a record."""
    with pytest.raises(BodyError):
        parse_record(body)


def test_an_operation_has_its_four_fields() -> None:
    """Status, result, code and message are read; nil lists are passed over."""
    fields = parse_operation(
        f"<OperationInfo {NAMESPACES}><ErrorCode>77</ErrorCode><JobSteps i:nil='true'/>"
        "<Message>no</Message><OperationResult>Failed</OperationResult>"
        "<OperationStatus>Completed</OperationStatus></OperationInfo>".encode()
    )

    assert ("Completed", "Failed", "77", "no") == (
        fields.status,
        fields.result,
        fields.error_code,
        fields.message,
    )


RESOURCE = (
    "<Resource><ResourceProviderNamespace>NS</ResourceProviderNamespace><Type>{type}</Type>"
    "<Name>v1</Name><Plan/><State>Started</State><SubState>Ok</SubState>{settings}"
    "<OutputItems><OutputItem><Key>StampId</Key><Value>s</Value></OutputItem>"
    "<OutputItem><Key>ResourceId</Key><Value>42</Value></OutputItem></OutputItems></Resource>"
)


def test_a_listed_vault_knows_its_address() -> None:
    """Cloud service, namespace and number of a vault come from the list."""
    body = _list(RESOURCE.format(type="BackupVault", settings=""))

    (vault,) = parse_vaults(body, SUBSCRIPTION.upper(), PROVENANCE)

    assert ("cs-1", "NS", "42", None) == (
        vault.cloud_service,
        vault.resource_namespace,
        vault.resource_id,
        vault.record,
    )
    assert (SUBSCRIPTION, "West US", "v1") == (
        vault.ref.subscription_id,
        vault.ref.region,
        vault.ref.name,
    )


def test_a_listed_vault_carries_its_record() -> None:
    """The settings of a vault hold the record of its upgrade."""
    record = "<ResourceUpgradeDetails><Status>Failed</Status></ResourceUpgradeDetails>"
    settings = f"<IntrinsicSettings>{record}</IntrinsicSettings>"

    (vault,) = parse_vaults(
        _list(RESOURCE.format(type="BackupVault", settings=settings)), SUBSCRIPTION, PROVENANCE
    )

    assert vault.record is not None
    assert UpgradeStatus.FAILED == vault.record.status


@pytest.mark.parametrize("settings", ["", "<IntrinsicSettings/>"])
def test_no_record_means_never_upgraded(settings: str) -> None:
    """Absent and empty settings both say that no upgrade was started."""
    body = _list(RESOURCE.format(type="BackupVault", settings=settings))

    assert parse_vaults(body, SUBSCRIPTION, PROVENANCE)[0].record is None


def test_types_are_compared_without_case() -> None:
    """The list may spell a type in another case; the vault has the canonical one."""
    body = _list(RESOURCE.format(type="hypervrecoverymanagervault", settings=""))

    (vault,) = parse_vaults(body, SUBSCRIPTION, PROVENANCE)

    assert VaultType.SITE_RECOVERY == vault.ref.vault_type


def test_other_resources_are_left_out() -> None:
    """Cloud services hold more than vaults."""
    body = _list(RESOURCE.format(type="JobCollections", settings=""))

    assert () == parse_vaults(body, SUBSCRIPTION, PROVENANCE)


def test_an_empty_list_has_no_vaults() -> None:
    """A subscription without cloud services is no error."""
    assert () == parse_vaults(f"<CloudServices {NAMESPACES}/>".encode(), SUBSCRIPTION, PROVENANCE)
