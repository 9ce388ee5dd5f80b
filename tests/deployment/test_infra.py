"""The infrastructure gives the app what it needs, no more, and no secret."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.settings import Settings
from tests.deployment import bicep

ROOT = Path(__file__).parents[2]
HOST_JSON = ROOT / "host.json"
SCHEDULER_JSON = ROOT / "infra" / "host.scheduler.json"
VALUES = {
    "VAULTLIFT_CLOUD": "AzureCloud",
    "VAULTLIFT_EVIDENCE": "https://stevid123.blob.core.windows.net/evidence",
    "VAULTLIFT_QUEUE": "vault-upgrades",
    "VAULTLIFT_AUDIT_SCHEDULE": "0 0 3 * * *",
    "VAULTLIFT_SUBSCRIPTIONS": "",
    "VAULTLIFT_LOG_WORKSPACE": "5b8a2f6e-0c43-4d7e-8a19-2e6f3b1c7d40",
    "ServiceBusConnection__fullyQualifiedNamespace": "sb-vaultlift.servicebus.windows.net",
}
"""What the expressions of main.bicep come to, for the settings that the app itself reads."""
GIVEN_BY_HAND = {"co-administrator", "register/action", "Backup MUA Operator"}
"""What README's table names and no template gives: a classic role, an operation that only some
lists ask for, and a role that belongs to the owner of a Resource Guard."""
INSTEAD = {"Backup Contributor": "vaultlift policy writer"}
"""Built-in roles that README offers a smaller custom one for, and its name in Bicep."""


@pytest.mark.parametrize("path", bicep.files(), ids=lambda path: path.name)
def test_every_file_can_be_parsed(path: Path) -> None:
    """Each file is Bicep and declares something."""
    assert set(bicep.parse(path)) & {"resources", "modules"}


@pytest.mark.parametrize("name", sorted(bicep.modules()))
def test_a_module_gets_the_parameters_it_declares(name: str) -> None:
    """None is missing, and none is given that the module does not know."""
    module = bicep.modules()[name]
    declared = set(bicep.parse(module["path"])["parameters"])

    assert set() == set(module["params"]) - declared
    assert set() == bicep.required_params(module["path"]) - set(module["params"])


def test_outputs_that_are_used_exist() -> None:
    """Every ``module.outputs.x`` of main.bicep is an output of that module."""
    modules = bicep.modules()
    used = set(re.findall(r"(\w+)!?\.outputs\.(\w+)", bicep.MAIN.read_text()))

    assert used
    assert set() == {
        f"{name}.{output}"
        for name, output in used
        if output not in bicep.parse(modules[name]["path"])["outputs"]
    }


def test_every_module_is_used() -> None:
    """No file is left that main.bicep does not deploy."""
    used = {module["path"] for module in bicep.modules().values()}

    assert set(bicep.files()) == used | {bicep.MAIN}


def test_the_parameters_file_fits() -> None:
    """It gives every parameter without a default, and none that does not exist."""
    given = json.loads((bicep.INFRA / "main.parameters.json").read_text())["parameters"]

    assert set() == set(given) - set(bicep.parse(bicep.MAIN)["parameters"])
    assert set() == bicep.required_params(bicep.MAIN) - set(given)


def test_the_guide_tells_every_parameter() -> None:
    """Whatever can be chosen, by environment or in the file, stands in docs/deploy.md."""
    source = (bicep.INFRA / "main.parameters.json").read_text()
    guide = (ROOT / "docs" / "deploy.md").read_text()
    names = set(bicep.parse(bicep.MAIN)["parameters"]) - {"environmentName", "location"}
    variables = set(re.findall(r"\$\{(VAULTLIFT_\w+)", source))

    assert set() == {name for name in names | variables if f"`{name}`" not in guide}


@pytest.mark.parametrize("backend", ["storage", "scheduler"])
def test_the_app_starts_with_the_settings_it_is_given(backend: str) -> None:
    """Settings that are deployed are complete and do not contradict each other."""
    deployed = bicep.app_settings(backend)

    settings = Settings.from_environment({name: VALUES.get(name, "x") for name in deployed})

    assert VALUES["VAULTLIFT_EVIDENCE"] == settings.evidence


def test_no_setting_of_the_app_is_misspelt() -> None:
    """Every setting that begins like ours is one that the app reads."""
    read = {field.alias for field in Settings.model_fields.values()}
    deployed = {name for name in bicep.app_settings("storage") if name.startswith("VAULTLIFT_")}

    assert deployed
    assert set() == deployed - read


def _connection(host: dict[str, Any]) -> str:
    provider = host["extensions"]["durableTask"]["storageProvider"]
    return str(provider.get("connectionName") or provider["connectionStringName"])


@pytest.mark.parametrize(
    ("path", "backend"), [(HOST_JSON, "storage"), (SCHEDULER_JSON, "scheduler")]
)
def test_what_host_json_names_is_set(path: Path, backend: str) -> None:
    """The backend's connection and every ``%SETTING%`` are among the app settings."""
    deployed = bicep.app_settings(backend)
    host = json.loads(path.read_text())

    connections = {name for name in deployed if name.split("__")[0] == _connection(host)}
    named = set(re.findall(r"%(\w+)%", path.read_text()))

    assert connections
    assert named <= set(deployed)


def test_the_two_host_files_differ_in_the_backend_only() -> None:
    """Whoever changes one changes the other."""
    files = [json.loads(path.read_text()) for path in (HOST_JSON, SCHEDULER_JSON)]
    providers = [file["extensions"]["durableTask"].pop("storageProvider") for file in files]

    assert files[0] == files[1]
    assert providers[0] != providers[1]


def test_the_queues_are_those_of_the_local_broker() -> None:
    """Names and every property are the same in Azure and on one machine."""
    config = json.loads((ROOT / "local" / "servicebus" / "config.json").read_text())
    (namespace,) = config["UserConfig"]["Namespaces"]
    local = {queue["Name"]: queue["Properties"] for queue in namespace["Queues"]}
    deployed = {
        queue["name"].replace("queueName", "vault-upgrades"): {
            f"{name[0].upper()}{name[1:]}": value for name, value in queue["properties"].items()
        }
        for queue in bicep.resources("Microsoft.ServiceBus/namespaces/queues")
    }

    assert "var queueName = 'vault-upgrades'" in bicep.text()
    assert local == deployed


def _readme_roles() -> set[str]:
    """The roles that README's table of permissions names."""
    readme = (ROOT / "README.md").read_text()
    table = readme.split("## Permissions")[1].split("\n\n")[1]
    known = re.compile(
        r"Log Analytics (?:Reader|Contributor)|Monitoring Contributor|Backup (?:MUA Operator|Reader"
        r"|Contributor)|Azure Service Bus Data (?:Receiver|Sender)|co-administrator|register/action|"
        r"(?:Storage Blob Data|vaultlift) [a-z A-Z]*(?:Owner|writer)|\bReader\b"
    )
    # "Receiver and Sender" is short for two names.
    return set(
        known.findall(
            table.replace("Receiver and Sender", "Receiver, Azure Service Bus Data Sender")
        )
    )


def test_every_role_of_the_readme_is_given() -> None:
    """By template, or named among those that only a person can give."""
    given = bicep.INFRA / "modules"
    source = "\n".join(path.read_text() for path in sorted(given.glob("*.bicep")))
    guide = (ROOT / "docs" / "deploy.md").read_text()

    roles = _readme_roles()

    assert len(roles) >= 9, roles
    for role in roles - GIVEN_BY_HAND:
        name = INSTEAD.get(role, role)
        assert re.search(rf"(?:// |'){name}\b", source), role
    assert GIVEN_BY_HAND == {role for role in GIVEN_BY_HAND if role in guide}


def test_every_role_that_is_declared_is_assigned() -> None:
    """A role's id that stands in a file is used in an assignment of that file."""
    for path in bicep.files():
        source = path.read_text()
        for name in re.findall(r"^var (\w+) = '[0-9a-f]{8}-[0-9a-f-]{27}'", source, re.MULTILINE):
            uses = len(re.findall(rf"\b{name}\b", source))
            assert uses > 1, f"{path.name}: {name}"


def test_evidence_can_be_written_and_not_deleted() -> None:
    """The role of the app on the container has no right to delete."""
    role = bicep.parse(bicep.INFRA / "modules" / "evidence-role.bicep")["resources"]["writer"]
    (permission,) = role["config"]["properties"]["permissions"]
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

    assert {f"{blobs}/read", f"{blobs}/write"} == set(permission["dataActions"])
    assert [] == permission["actions"]


def test_keys_are_turned_off() -> None:
    """Storage, Service Bus, telemetry, logs and publishing take identities only."""
    accounts = bicep.resources("Microsoft.Storage/storageAccounts")
    (namespace,) = bicep.resources("Microsoft.ServiceBus/namespaces")
    (insights,) = bicep.resources("Microsoft.Insights/components")
    (workspace,) = bicep.resources("Microsoft.OperationalInsights/workspaces")
    publishing = bicep.resources("Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert [False, False] == [one["properties"]["allowSharedKeyAccess"] for one in accounts]
    assert namespace["properties"]["disableLocalAuth"] is True
    assert insights["properties"]["DisableLocalAuth"] is True
    assert workspace["properties"]["features"]["disableLocalAuth"] is True
    assert [False, False] == [one["properties"]["allow"] for one in publishing]


def test_sign_in_lets_pass_what_the_app_opens_to_signatures_only() -> None:
    """Routes that need no key are signed by systems that have no token; no other is left open."""
    (sign_in,) = [
        one
        for one in bicep.resources("Microsoft.Web/sites/config")
        if one["name"] == "authsettingsV2"
    ]
    source = (ROOT / "triggers" / "webhooks.py").read_text()
    routes = re.findall(r'route="([^"]+)", methods=\["POST"\], auth_level=\S+ANONYMOUS', source)

    assert [f"/api/{route.replace('{id}', '*')}" for route in routes] == (
        sign_in["properties"]["globalValidation"]["excludedPaths"]
    )


def test_there_is_no_secret() -> None:
    """No key is listed, no secure parameter taken, nothing but names and addresses put out."""
    outputs = json.dumps(bicep.parse(bicep.MAIN)["outputs"])

    assert [] == re.findall(
        r"listKeys|listAccountSas|@secure|AccountKey|SharedAccess", bicep.text()
    )
    assert [] == re.findall(r"(?i)connection|key\b|secret|password", outputs)


def test_evidence_is_versioned_and_can_be_made_immutable() -> None:
    """What is overwritten or deleted by hand can be had back; a policy can forbid both."""
    services = bicep.resources("Microsoft.Storage/storageAccounts/blobServices")
    versioned = [
        one["properties"]["isVersioningEnabled"] for one in services if "properties" in one
    ]
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"
    (policy,) = bicep.resources(kind)

    assert [True] == versioned
    assert "immutableDays" == policy["properties"]["immutabilityPeriodSinceCreationInDays"]


def test_the_runtime_is_the_one_that_is_tested() -> None:
    """Azure runs the Python that .python-version asks for."""
    (app,) = bicep.resources("Microsoft.Web/sites")
    config = app["properties"]["functionAppConfig"]

    expected = {"name": "python", "version": (ROOT / ".python-version").read_text().strip()}

    assert expected == config["runtime"]


def test_azd_deploys_the_repository_to_the_app() -> None:
    """azure.yaml's one service is the app that Bicep tags with its name."""
    project = yaml.safe_load((ROOT / "azure.yaml").read_text())

    ((name, service),) = project["services"].items()

    assert f"'azd-service-name': '{name}'" in bicep.text()
    assert (".", "python", "function") == (
        service["project"],
        service["language"],
        service["host"],
    )
    assert (ROOT / project["infra"]["path"] / f"{project['infra']['module']}.bicep").is_file()
