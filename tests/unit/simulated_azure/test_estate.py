"""Estate files: what makes one valid, and what becomes of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import InvalidInputError
from local.azure.estate import load_estate, parse_estate
from local.azure.model import RecordStatus
from local.azure.moments import moment_of, ticks_of
from tests.unit.simulated_azure.harness import START, SUBSCRIPTION, estate, native

DEMO = Path(__file__).parents[3] / "local" / "demo" / "estate.yaml"
POLICY = {"name": "Daily", "type": "vm"}


def problems(*vaults, **document):
    """Every problem of an estate, as place and message."""
    with pytest.raises(InvalidInputError) as caught:
        estate(*vaults, **document)
    return [(problem.where, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"surprise": 1}, "Extra inputs are not permitted"),
        ({"localZone": "Europe/Berlin"}, "not a Windows time zone id"),
        ({"upgrade": {"duration": "soon"}}, "not a span"),
        ({"policies": [POLICY, POLICY | {"name": "DAILY"}]}, "two policies have the same name"),
        ({"policies": [POLICY | {"runTime": "25:00"}]}, "should match pattern"),
        ({"policies": [{"name": "F", "type": "mab", "timeZone": "UTC"}]}, "have no time zone"),
        ({"policies": [POLICY | {"hidden": True}]}, "only policies of agents"),
        ({"items": [{"type": "vm", "name": "a", "policy": "None"}]}, "no policy 'None'"),
        ({"items": [{"type": "vm", "name": "a"}]}, "has no policy"),
        (
            {"policies": [POLICY], "items": [{"type": "sql", "name": "a", "policy": "Daily"}]},
            "needs a holder",
        ),
        (
            {
                "policies": [{"name": "F", "type": "mab"}],
                "items": [{"type": "folder", "name": "C", "holder": "x", "policy": "F"}],
            },
            "no machine 'x'",
        ),
        ({"machines": [{"name": "m", "agentVersion": "new"}]}, "should match pattern"),
        ({"logWorkspace": SUBSCRIPTION}, "no workspace"),
        (
            {
                "native": {"resourceGroup": "g"},
                "record": {"operationId": "o", "resourceGroup": "g", "startedAgo": "1d"},
            },
            "never classic",
        ),
    ],
)
def test_mistakes_are_told(members, message):
    """With what is wrong in words."""
    (found,) = problems({"name": "v1", **members})

    assert message in found[1]


def test_every_mistake_is_told_with_its_place():
    """Not just the first."""
    found = problems({"name": "v1", "surprise": 1}, {"name": "?", "region": 5}, pageSize=0)

    assert [where for where, _ in found] == [
        "pageSize",
        "subscriptions.0.vaults.0.surprise",
        "subscriptions.0.vaults.1.name",
        "subscriptions.0.vaults.1.region",
    ]


@pytest.mark.parametrize(
    "document",
    [None, [], {"schema": "other"}, "text", {"schema": "vaultlift/estate/1", "subscriptions": []}],
)
def test_a_document_that_is_no_estate_is_refused(document):
    """Whatever YAML made of it."""
    with pytest.raises(InvalidInputError):
        parse_estate(document)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """Under its name."""
    with pytest.raises(InvalidInputError) as caught:
        load_estate(tmp_path / "none.yaml")

    assert "none.yaml" in caught.value.problems[0].where


def test_a_file_that_is_not_yaml_is_told(tmp_path):
    """With the parser's words."""
    path = tmp_path / "broken.yaml"
    path.write_text("a: [", encoding="utf-8")

    with pytest.raises(InvalidInputError) as caught:
        load_estate(path)

    assert "expected" in caught.value.problems[0].message


def test_two_vaults_of_one_name_cannot_be_opened():
    """In the same region; elsewhere they can."""
    elsewhere = {"name": "V1", "region": "West Europe"}

    with pytest.raises(ValueError, match="two classic vaults"):
        estate({"name": "v1"}, {"name": "V1"}).open(START)

    assert len(estate({"name": "v1"}, elsewhere).open(START).vaults) == 2


def test_opening_twice_gives_two_states():
    """What happens in one is unknown to the other."""
    source = estate(native(policies=[POLICY]))
    first, second = source.open(START), source.open(START)
    first.vaults[0].contents.policies.clear()

    assert len(second.vaults[0].contents.policies) == 1


def test_a_record_lies_before_the_opening():
    """Its moments are counted back from it."""
    row = {"operationId": "op", "resourceGroup": "g", "startedAgo": "2d", "lasted": "30m"}
    state = estate({"name": "v1", "record": row}).open(START)
    record = state.vaults[0].record

    assert moment_of(record.started) == START - timedelta(days=2)
    assert moment_of(record.ended) == START - timedelta(days=2) + timedelta(minutes=30)
    assert record.status(ticks_of(START)) is RecordStatus.UPGRADED


def test_the_demo_estate_has_its_eight_scenarios():
    """Each with the state its run should end in."""
    state = load_estate(DEMO).open(START)

    assert {vault.name: vault.expected_end for vault in state.vaults} == {
        "vault-clean": "closed",
        "vault-billing": "closed",
        "vault-old-agent": "blocked",
        "vault-busy": "blocked",
        "vault-failing": "needs_support",
        "vault-upgraded": "closed",
        "vault-policies": "closed_with_tasks",
        "vault-late-jobs": "closed",
    }


def test_the_upgrades_of_the_demo_take_15_to_40_minutes():
    """As long as a demo can wait for."""
    state = load_estate(DEMO).open(START)
    minutes = [vault.plan.duration / timedelta(minutes=1) for vault in state.vaults]

    assert all(15 <= one <= 40 for one in minutes)


def test_vaults_that_close_without_tasks_show_no_policy_without_zone_member():
    """A policy only its machines can change would leave a task."""
    state = load_estate(DEMO).open(START)
    shown = {
        vault.name: {p.workload for p in vault.contents.policies.values() if not p.is_hidden}
        for vault in state.vaults
        if vault.expected_end == "closed"
    }

    assert all(kinds == {"AzureIaasVM"} for kinds in shown.values())


def test_every_member_of_a_vault_finds_its_place():
    """Nothing that a file says is lost on the way into the state."""
    state = estate(
        {
            "name": "v1",
            "region": "Japan East",
            "type": "HyperVRecoveryManagerVault",
            "namespace": "Other",
            "storageBilled": True,
            "csp": True,
            "localZone": "Tokyo Standard Time",
            "upgrade": {"duration": "never", "mayRestart": False, "jobSync": "12h"},
            "settings": {"softDelete": "AlwaysON", "redundancy": "LocallyRedundant"},
            "engines": [{"name": "e1", "type": "mabs", "agentVersion": "2.0.9269.0"}],
            "machines": [{"name": "M1.Example", "fabric": "ActiveDirectory"}],
        }
    ).open(START)
    (vault,) = state.vaults

    assert (vault.region, vault.vault_type) == ("Japan East", "HyperVRecoveryManagerVault")
    assert vault.classic.namespace == "Other"
    assert (vault.is_storage_billed, vault.is_csp, vault.local_zone) == (
        True,
        True,
        "Tokyo Standard Time",
    )
    assert (vault.plan.duration, vault.plan.may_restart) == (None, False)
    assert vault.plan.job_sync_delay == timedelta(hours=12)
    assert vault.contents.settings.soft_delete == "AlwaysON"
    assert vault.contents.settings.redundancy == "LocallyRedundant"
    assert (vault.contents.engines[0].is_dpm, vault.contents.machines[0].name) == (
        False,
        "m1.example",
    )


def test_a_span_of_null_is_no_way_to_say_never():
    """The word is."""
    ((where, message),) = problems({"name": "v1", "upgrade": {"duration": None}})

    assert where.endswith("upgrade.duration")
    assert "write never" in message
