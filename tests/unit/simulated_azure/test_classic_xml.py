"""Bytes of the classic API."""

from dataclasses import replace

from local.azure import classic_xml
from local.azure.model import ClassicIds, CloudService, Reason, RecordStatus, UpgradeRecord
from local.azure.moments import parse_ticks
from tests.unit.simulated_azure.harness import SUBSCRIPTION, open_client, target_path

RECORD = UpgradeRecord(
    operation_id="op-1",
    target_path=target_path("v1"),
    started=parse_ticks("2026-03-10T12:00:00.5Z"),
    ended=parse_ticks("2026-03-10T12:20:00Z"),
)
DURING = parse_ticks("2026-03-10T12:10:00Z")
AFTER = parse_ticks("2026-03-10T12:20:00Z")


def test_a_check_without_reasons_is_123_bytes():
    """The nil error has the recorded length."""
    assert len(classic_xml.NO_ERROR) == 123


def test_operation_info_has_the_recorded_lengths():
    """Running takes 377 bytes, done 378."""
    running = classic_xml.operation_info(
        error_code="", message="", result="Invalid", status="InProgress"
    )
    done = classic_xml.operation_info(
        error_code="", message="", result="Succeeded", status="Completed"
    )

    assert (len(running), len(done)) == (377, 378)


def test_a_running_record_has_an_open_end_without_z():
    """Its end is the sentinel, its last update the start."""
    text = classic_xml.upgrade_details(RECORD, DURING)

    assert "<EndTimeUtc>9999-12-31T23:59:59.9999999</EndTimeUtc>" in text
    assert "<LastUpdatedTimeUtc>2026-03-10T12:00:00.5Z</LastUpdatedTimeUtc>" in text
    assert "<Message></Message>" in text


def test_a_record_that_is_over_was_updated_at_its_end():
    """End and last update are the same moment."""
    text = classic_xml.upgrade_details(RECORD, AFTER)

    assert "<EndTimeUtc>2026-03-10T12:20:00Z</EndTimeUtc>" in text
    assert "<LastUpdatedTimeUtc>2026-03-10T12:20:00Z</LastUpdatedTimeUtc>" in text
    assert "<Status>Upgraded</Status>" in text


def test_a_failed_record_keeps_its_message_until_it_has_failed():
    """Nothing of a failure shows before it happens."""
    failing = replace(RECORD, outcome=RecordStatus.FAILED, message="It broke.")

    assert "It broke." not in classic_xml.upgrade_details(failing, DURING)
    assert "<Message>It broke.</Message>" in classic_xml.upgrade_details(failing, AFTER)


def test_empty_elements_are_short_inside_the_list():
    """The list writes empty elements as one tag, where a root of its own writes two."""
    client = open_client({"name": "v1"})
    client.vault.records.append(RECORD)
    service = CloudService(name="cs", label="l", description="d", region="West US")

    text = classic_xml.cloud_services([(service, [client.vault])], AFTER)

    assert text.count("<Message/>") == text.count("<Plan/>") == text.count("<Label/>") == 1
    assert "<Message></Message>" not in text


def test_a_vault_never_upgraded_has_no_settings():
    """IntrinsicSettings appear with the first upgrade only."""
    client = open_client({"name": "v1"})
    services = client.service.state.cloud_services(SUBSCRIPTION)

    assert "IntrinsicSettings" not in classic_xml.cloud_services(services, DURING)


def test_names_are_escaped():
    """A name with an ampersand stays well-formed."""
    client = open_client({"name": "v1"})
    client.vault.classic = replace(
        ClassicIds.derive(SUBSCRIPTION, "West US", "v1", "A&B"), etag="<etag>"
    )
    services = client.service.state.cloud_services(SUBSCRIPTION)

    text = classic_xml.cloud_services(services, DURING)

    assert "<ResourceProviderNamespace>A&amp;B</ResourceProviderNamespace>" in text
    assert "<ETag>&lt;etag&gt;</ETag>" in text


def test_reasons_come_in_the_order_a_data_contract_reads():
    """Members of a reason are in alphabetical order, and Type is there."""
    reason = Reason(code="C", message="m;1|n;2", severity="Warning", category="K")

    text = classic_xml.upgrade_error("Code", "Message", [reason])

    assert (
        "<ErrorDetail><Category>K</Category><Code>C</Code><Message>m;1|n;2</Message>"
        "<Properties></Properties><RecommendedAction></RecommendedAction>"
        "<Type>Warning</Type></ErrorDetail>"
    ) in text


def test_a_start_error_is_known_by_its_namespace():
    """Shape B carries a language and a value."""
    text = classic_xml.start_error("C", "no & never")

    assert text == (
        '<Error xmlns="http://schemas.microsoft.com/wars"><ErrorCode>C</ErrorCode>'
        "<Message><Language>en-us</Language><Value>no &amp; never</Value></Message></Error>"
    )
