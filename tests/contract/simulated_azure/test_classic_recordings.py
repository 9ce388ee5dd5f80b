"""The same state gives the same bytes as the recorded classic exchanges."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from multidict import CIMultiDict

from local.azure import model
from local.azure.clocks import FixedClock
from local.azure.contents import Contents
from local.azure.exchange import Request
from local.azure.moments import moment_of, parse_ticks
from local.azure.routes import ROUTER
from local.azure.service import SimulatedAzure
from local.azure.state import State
from tests.contract.simulated_azure.recordings import upgrade_entries, wire_form
from tests.unit.simulated_azure.harness import parse_xml

NAMES = {"a": "http://schemas.microsoft.com/windowsazure"}
IDENTITY = model.Identity(tenant_id="t", client_id="c", client_secret="s")
PS = "ps-VaultUpgradeTest"
SDK = "sdk-VaultUpgrade_"


class FixedEstate:
    """An estate that is the given vaults, whenever it is opened."""

    def __init__(self, vaults, cloud_services=()):
        self._vaults, self._cloud_services = vaults, cloud_services

    def open(self, now):
        return State(
            identity=IDENTITY,
            vaults=self._vaults,
            cloud_services=self._cloud_services,
            opened_at=now,
        )


def text(element: ET.Element, path: str) -> str:
    """Text at a path of a list body."""
    return element.findtext("/".join(f"a:{part}" for part in path.split("/")), "", NAMES)


def record_of(resource: ET.Element) -> list[model.UpgradeRecord]:
    """The record a resource of the list carries."""
    details = resource.find("a:IntrinsicSettings/a:ResourceUpgradeDetails", NAMES)
    if details is None:
        return []
    end = text(details, "EndTimeUtc")
    return [
        model.UpgradeRecord(
            operation_id=text(details, "OperationId"),
            target_path=text(details, "UpgradedResourceId"),
            started=parse_ticks(text(details, "StartTimeUtc")),
            ended=parse_ticks(end) if end.endswith("Z") else None,
            trigger=text(details, "TriggerType"),
        )
    ]


def vault_of(subscription: str, region: str, resource: ET.Element) -> model.Vault:
    """The vault a resource of the list describes."""
    keys = [output.text for output in resource.findall("a:OutputItems/*/a:Key", NAMES)]
    values = [output.text for output in resource.findall("a:OutputItems/*/a:Value", NAMES)]
    outputs: dict[Any, Any] = dict(zip(keys, values, strict=True))
    return model.Vault(
        subscription_id=subscription,
        region=region,
        name=text(resource, "Name"),
        vault_type=text(resource, "Type"),
        fill=Contents,
        created_at=datetime(2017, 1, 1, tzinfo=UTC),
        classic=model.ClassicIds(
            namespace=text(resource, "ResourceProviderNamespace"),
            etag=text(resource, "ETag"),
            stamp_id=outputs["StampId"],
            backend_stamp_id=outputs["BackendStampId"],
            resource_id=int(outputs["ResourceId"]),
        ),
        records=record_of(resource),
    )


def estate_of_list(entry: dict[str, Any]) -> FixedEstate:
    """The estate a recorded list was taken of."""
    subscription = entry["RequestUri"].split("/")[1]
    vaults, services = [], []
    for service in parse_xml(entry["ResponseBody"]):
        region = text(service, "GeoRegion")
        services.append(
            model.CloudService(
                name=text(service, "Name"),
                label=text(service, "Label"),
                description=text(service, "Description"),
                region=region,
            )
        )
        resources = service.findall("a:Resources/a:Resource", NAMES)
        vaults += [vault_of(subscription, region, resource) for resource in resources]
    return FixedEstate(vaults, services)


def replay(estate: FixedEstate, entry: dict[str, Any], now: datetime) -> Any:
    """Sends a recorded request to simulated Azure at a moment."""
    service = SimulatedAzure(estate, FixedClock(now), ROUTER)
    path, _, query = entry["RequestUri"].partition("?")
    headers = CIMultiDict(
        {name: values[0] for name, values in entry["RequestHeaders"].items()}
        | {"Authorization": f"Bearer {service.tokens.issue()}"}
    )
    request = Request(
        method=entry["RequestMethod"],
        raw_path=path,
        query=dict(pair.split("=") for pair in query.split("&") if pair),
        headers=headers,
        body=entry["RequestBody"].encode(),
        base_url="https://management.core.windows.net",
    )
    return service.handle(request).answer


def taken_at(entry: dict[str, Any]) -> datetime:
    """When an exchange took place."""
    return parsedate_to_datetime(entry["ResponseHeaders"]["Date"][0])


def single_vault(entry: dict[str, Any], *records: model.UpgradeRecord) -> FixedEstate:
    """An estate of just the vault a recorded upgrade call is about."""
    parts = entry["RequestUri"].strip("/").split("/")
    ids = model.ClassicIds.derive(parts[0], "West US", parts[7], parts[4])
    vault = model.Vault(
        subscription_id=parts[0],
        region="West US",
        name=parts[7],
        vault_type=parts[6],
        fill=Contents,
        created_at=datetime(2017, 1, 1, tzinfo=UTC),
        classic=ids,
        records=list(records),
    )
    return FixedEstate([vault])


def assert_same(entry: dict[str, Any], answer: Any) -> None:
    """Status, bytes, length and every header but those that are random or dated."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    recorded = {name.lower(): values for name, values in entry["ResponseHeaders"].items()}
    fixed = recorded.keys() - {"date", "server", "x-ms-request-id", "content-length"}

    assert wire_form(entry) == answer.body.decode()
    assert int(recorded["content-length"][0]) == len(answer.body)
    assert entry["StatusCode"] == answer.status
    assert {name: recorded[name][0] for name in fixed} == {"content-type": answer.content_type} | {
        name: headers[name] for name in fixed - {"content-type"}
    }


@pytest.mark.parametrize("number", range(5))
def test_lists_have_the_recorded_bytes(number):
    """Every recorded list, before and while an upgrade runs, comes out byte for byte."""
    lists = [entry for entry in upgrade_entries(PS) if "api-version" in entry["RequestUri"]]
    entry = lists[number]

    assert_same(entry, replay(estate_of_list(entry), entry, taken_at(entry)))


@pytest.mark.parametrize("name", [PS, f"{SDK}CheckPrereqsTests"])
def test_checks_have_the_recorded_bytes(name):
    """A check that finds nothing answers with the recorded nil error."""
    for entry in upgrade_entries(name):
        if entry["RequestUri"].endswith("checkPrereqsForUpgrade"):
            assert_same(entry, replay(single_vault(entry), entry, taken_at(entry)))


@pytest.mark.parametrize("name", [PS, f"{SDK}UpgradeResourceTests"])
def test_starts_have_the_recorded_bytes(name):
    """A start at the recorded moment answers with the recorded record, to the microsecond."""
    for entry in upgrade_entries(name):
        if not entry["RequestUri"].endswith("/upgrade"):
            continue
        started = text(parse_xml(entry["ResponseBody"]), "StartTimeUtc")
        ticks = parse_ticks(started)
        answer = replay(single_vault(entry), entry, moment_of(ticks))
        rounded = wire_form(entry).replace(started, _to_microseconds(started))

        assert rounded == answer.body.decode()
        assert int(entry["ResponseHeaders"]["Content-Length"][0]) == len(wire_form(entry))


def _to_microseconds(moment: str) -> str:
    head, _, fraction = moment.rstrip("Z").partition(".")
    return f"{head}.{fraction[:6].rstrip('0')}Z"


@pytest.mark.parametrize("name", [PS, f"{SDK}TrackResourceUpgradationTests"])
def test_tracking_has_the_recorded_bytes(name):
    """Running and done upgrades are tracked with the recorded bodies."""
    tracked = [e for e in upgrade_entries(name) if e["RequestUri"].endswith("OperationResult")]
    assert tracked
    for entry in tracked:
        is_running = "InProgress" in entry["ResponseBody"]
        started = parse_ticks("2017-03-20T10:00:00Z")
        record = model.UpgradeRecord(
            operation_id="op",
            target_path="/subscriptions/s/resourceGroups/g/providers/p/Vaults/v",
            started=started,
            ended=None if is_running else started + 1,
        )

        assert_same(entry, replay(single_vault(entry, record), entry, taken_at(entry)))
