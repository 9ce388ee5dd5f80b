"""The real demo's processes and sample files, without starting them."""

from datetime import UTC, datetime

import yaml

from adapters.settings import Settings
from domain.intake import requests_from_csv
from local.demo.expectations import read_expected
from local.demo.plan import ESTATE, EXPECTED, SUBSCRIPTION, VAULTS, demo_plan, settings

AZURE = {
    "port": 4000,
    "classicEndpoint": "http://127.0.0.1:4000",
    "armEndpoint": "http://127.0.0.1:4000",
    "logsEndpoint": "http://127.0.0.1:4000",
    "tokenUrl": "http://127.0.0.1:4000/t/oauth2/v2.0/token",
    "clientId": "id",
    "clientSecret": "secret",
}
BROKER = {
    "port": 4001,
    "connectionString": "Endpoint=sb://127.0.0.1:4001;UseDevelopmentEmulator=true",
}


def sample_requests():
    """The sample list, as the command reads it."""
    return requests_from_csv(
        VAULTS.read_text("utf-8"),
        requested_by="demo",
        request_id="r",
        requested_at=datetime(2017, 9, 5, tzinfo=UTC),
        source="vaults.csv",
    )


def sample_estate():
    """The vaults of the sample estate by name."""
    (subscription,) = yaml.safe_load(ESTATE.read_text("utf-8"))["subscriptions"]
    return subscription["id"], {vault["name"]: vault for vault in subscription["vaults"]}


def test_sample_list_names_the_vaults_of_the_estate():
    """Each vault of the list stands in the estate, in the same region, and none is left out."""
    subscription, vaults = sample_estate()

    assert {(subscription, name, vault["region"]) for name, vault in vaults.items()} == {
        (r.vault.subscription_id, r.vault.name, r.vault.region) for r in sample_requests()
    }


def test_declared_ends_are_those_of_the_scenarios():
    """expected.csv and the estate declare the same ends."""
    _, vaults = sample_estate()

    assert {name: vault["expectedEnd"] for name, vault in vaults.items()} == {
        name: state.value for name, state in read_expected(EXPECTED).items()
    }


def test_sample_subscription_is_audited():
    """The audit of the demo covers the subscription of the estate."""
    assert (SUBSCRIPTION, SUBSCRIPTION) == (
        sample_estate()[0],
        settings(AZURE, BROKER, evidence=VAULTS.parent, clock=(1.0, 0.0))[
            "VAULTLIFT_SUBSCRIPTIONS"
        ],
    )


def test_settings_are_valid_for_the_app(tmp_path):
    """The app takes the settings the demo makes, and finds simulated Azure and the broker."""
    read = Settings.from_environment(settings(AZURE, BROKER, evidence=tmp_path, clock=(900.0, 7.0)))

    assert (900.0, 7.0) == (read.clock_rate, read.clock_origin)
    assert "http://127.0.0.1:4000" == read.arm_endpoint
    assert BROKER["connectionString"] == read.service_bus_connection.get_secret_value()


def test_every_process_has_the_same_clock(tmp_path):
    """Simulated Azure and the host are told the same rate and origin."""
    plan = demo_plan(tmp_path, origin=1000.5, rate=600.0)
    clock = ("--clock-rate", "600.0", "--clock-origin", "1000.5")

    assert clock == plan.azure.command[-4:]
    assert clock == plan.host(AZURE, BROKER).command[-4:]


def test_client_is_what_a_user_types(tmp_path):
    """The vaults are handed in by the real command, over the host's HTTP port."""
    command = demo_plan(tmp_path, origin=0.0).client({"port": 7123})

    assert ("cli.main", "upgrade", str(VAULTS), "--follow") == command[2:6]
    assert "http://127.0.0.1:7123" == command[command.index("--url") + 1]


def test_the_plan_tells_the_rate_of_its_clock(tmp_path):
    """The report names it."""
    assert 60.0 == demo_plan(tmp_path, origin=0.0, rate=60.0).clock_rate
