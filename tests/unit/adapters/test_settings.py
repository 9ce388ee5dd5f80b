"""Settings are read once and checked as a whole."""

import pytest

from adapters.clouds import CloudName
from adapters.evidence_location import parse_location
from adapters.settings import Settings
from domain.errors import ConfigurationError

GOOD = {
    "VAULTLIFT_EVIDENCE": "folder:out/evidence",
    "ServiceBusConnection__fullyQualifiedNamespace": "example.servicebus.windows.net",
}
CONNECTION = "VAULTLIFT_EVIDENCE_CONNECTION"
CUSTOM = GOOD | {
    "VAULTLIFT_CLOUD": "custom",
    "VAULTLIFT_CLASSIC_ENDPOINT": "http://127.0.0.1:8001",
    "VAULTLIFT_ARM_ENDPOINT": "http://localhost:8002/",
    "VAULTLIFT_LOGS_ENDPOINT": "https://logs.example.com",
    "VAULTLIFT_TOKEN_URL": "http://[::1]:8003/token",
    "VAULTLIFT_CLIENT_ID": "client",
    "VAULTLIFT_CLIENT_SECRET": "very secret",
}


def _problems(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    return caught.value.message


def test_defaults_are_those_of_the_public_cloud() -> None:
    """With only the required settings the app runs in the public cloud on the wall clock."""
    settings = Settings.from_environment(GOOD)

    assert (CloudName.PUBLIC, 1.0, "vault-upgrades", "0 0 3 * * *") == (
        settings.cloud_name,
        settings.clock_rate,
        settings.queue,
        settings.audit_schedule,
    )


def test_a_custom_cloud_has_the_given_endpoints() -> None:
    """The endpoints of a custom cloud are origins, without a slash at the end."""
    cloud = Settings.from_environment(CUSTOM).cloud

    assert ("http://127.0.0.1:8001", "http://localhost:8002", "https://logs.example.com") == (
        cloud.classic.endpoint,
        cloud.arm.endpoint,
        cloud.logs.endpoint,
    )


def test_every_problem_is_reported_at_once() -> None:
    """Bad values, contradictions and missing settings all stand in one error."""
    message = _problems(
        {
            "VAULTLIFT_CLOUD": "custom",
            "VAULTLIFT_EVIDENCE": "somewhere",
            "VAULTLIFT_CLOCK_RATE": "-3",
            "VAULTLIFT_SUBSCRIPTIONS": "not-a-guid",
            "VAULTLIFT_AUDIT_SCHEDULE": "0 3 * * *",
            "VAULTLIFT_QUEUE": "no spaces",
            "VAULTLIFT_LOG_WORKSPACE": "w",
        }
    )

    for name in (
        *("VAULTLIFT_CLASSIC_ENDPOINT", "VAULTLIFT_TOKEN_URL", "VAULTLIFT_CLIENT_SECRET"),
        *("VAULTLIFT_EVIDENCE", "VAULTLIFT_CLOCK_RATE", "VAULTLIFT_CLOCK_ORIGIN"),
        *("VAULTLIFT_SUBSCRIPTIONS", "VAULTLIFT_AUDIT_SCHEDULE", "VAULTLIFT_QUEUE"),
        *("VAULTLIFT_LOG_WORKSPACE", "ServiceBusConnection"),
    ):
        assert name in message


@pytest.mark.parametrize("name", ["VAULTLIFT_ARM_ENDPOINT", "VAULTLIFT_TOKEN_URL"])
def test_plain_http_off_the_machine_is_refused(name: str) -> None:
    """An endpoint that would see a secret unprotected is a problem."""
    message = _problems(CUSTOM | {name: "http://192.168.1.10:8080"})

    assert f"{name}: plain http is allowed to loopback addresses only" in message


@pytest.mark.parametrize("tail", ["/arm", "/?tenant=t", "/#x"])
def test_a_path_of_an_endpoint_is_refused(tail: str) -> None:
    """It would be left out of every request, and another service asked."""
    message = _problems(CUSTOM | {"VAULTLIFT_ARM_ENDPOINT": f"https://gateway.example{tail}"})

    assert "VAULTLIFT_ARM_ENDPOINT: nothing but scheme, host and port" in message


def test_a_password_in_an_endpoint_is_refused_and_not_repeated() -> None:
    """Errors of settings are printed."""
    message = _problems(CUSTOM | {"VAULTLIFT_ARM_ENDPOINT": "https://me:hush@arm.example.com"})

    assert ("VAULTLIFT_ARM_ENDPOINT: a URL with a user name" in message, "hush" in message) == (
        True,
        False,
    )


def test_custom_endpoints_need_the_custom_cloud() -> None:
    """An endpoint that would be ignored is reported instead."""
    message = _problems(GOOD | {"VAULTLIFT_ARM_ENDPOINT": "https://arm.example.com"})

    assert "VAULTLIFT_ARM_ENDPOINT: only for VAULTLIFT_CLOUD=custom" in message


@pytest.mark.parametrize("rate", ["10", "0.5", "100.0"])
def test_every_rate_but_one_needs_an_origin(rate: str) -> None:
    """However the number is written, only a rate of one goes without."""
    assert "VAULTLIFT_CLOCK_ORIGIN" in _problems(GOOD | {"VAULTLIFT_CLOCK_RATE": rate})


def test_a_rate_of_one_needs_no_origin() -> None:
    """The wall clock is common to all as it is."""
    settings = Settings.from_environment(GOOD | {"VAULTLIFT_CLOCK_RATE": "1.00"})

    assert settings.clock_origin is None


def test_two_ways_to_the_service_bus_contradict() -> None:
    """Connection string and namespace exclude each other."""
    assert "ServiceBusConnection" in _problems(GOOD | {"ServiceBusConnection": "Endpoint=sb://x"})


def test_blank_settings_count_as_not_set() -> None:
    """An app setting that is there and empty has its default."""
    settings = Settings.from_environment(GOOD | {"VAULTLIFT_QUEUE": " "})

    assert "vault-upgrades" == settings.queue


def test_subscriptions_are_a_list_in_lower_case() -> None:
    """The comma list is split, and GUIDs are spelt the way vaults are."""
    guids = "7D7E3B8E-3C1B-4B65-9A43-1F2D6C0A9B11, 53a3c692-0000-4000-8000-000000000000,"

    settings = Settings.from_environment(GOOD | {"VAULTLIFT_SUBSCRIPTIONS": guids})

    assert settings.subscriptions == (
        "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11",
        "53a3c692-0000-4000-8000-000000000000",
    )


@pytest.mark.parametrize(("text", "is_good"), [("1", True), ("720", True), ("0", False)])
def test_plans_wait_between_an_hour_and_a_month(text: str, is_good: bool) -> None:
    """Three days unless it is set."""
    environment = GOOD | {"VAULTLIFT_APPROVAL_HOURS": text}

    if is_good:
        assert int(text) == Settings.from_environment(environment).approval_hours
    else:
        assert "VAULTLIFT_APPROVAL_HOURS" in _problems(environment)


def test_a_secret_for_webhooks_that_could_be_guessed_is_refused() -> None:
    """And does not print, either way."""
    short, good = "hidden-secret", "hidden-secret-long-enough"

    problem = _problems(GOOD | {"VAULTLIFT_WEBHOOK_SECRET": short})
    settings = Settings.from_environment(GOOD | {"VAULTLIFT_WEBHOOK_SECRET": good})

    assert ("VAULTLIFT_WEBHOOK_SECRET" in problem, short in problem) == (True, False)
    assert (good, False) == (settings.webhook_key, good in repr(settings))


@pytest.mark.parametrize("kind", ["KeyVault", "keyvault", "AppConfiguration"])
@pytest.mark.parametrize("name", ["VAULTLIFT_WEBHOOK_SECRET", "ServiceBusConnection"])
def test_a_reference_that_was_not_resolved_is_no_value(name: str, kind: str) -> None:
    """Its text is what the platform hands over then; as a secret, anybody could guess it."""
    reference = f"@Microsoft.{kind}(SecretUri=https://kv.vault.azure.net/secrets/hook)"

    problem = _problems(GOOD | {name: reference})

    assert f"{name}: the reference was not resolved" in problem
    assert "kv.vault" not in problem


def test_without_a_secret_there_are_no_webhooks() -> None:
    """Nobody may send any."""
    assert Settings.from_environment(GOOD).webhook_key is None


def test_secrets_do_not_print() -> None:
    """Neither the settings nor an error about them show a secret."""
    connection = "Endpoint=sb://x;SharedAccessKey=hidden"
    environment = CUSTOM | {"VAULTLIFT_EVIDENCE": "bad"} | {"ServiceBusConnection": connection}
    del environment["ServiceBusConnection__fullyQualifiedNamespace"]

    message = _problems(environment)
    settings = Settings.from_environment(environment | {"VAULTLIFT_EVIDENCE": "folder:x"})

    for text in (message, repr(settings), str(settings)):
        assert "very secret" not in text
        assert "hidden" not in text


def test_evidence_in_a_container_is_reached_by_identity() -> None:
    """The address of the container is all that it takes."""
    address = "https://acc1.blob.core.windows.net/evidence"

    settings = Settings.from_environment(GOOD | {"VAULTLIFT_EVIDENCE": address})

    assert (parse_location(address), None) == (
        settings.evidence_location,
        settings.evidence_connection,
    )


def test_a_connection_string_goes_with_the_name_of_a_container() -> None:
    """The secret prints as stars, like every other."""
    given = {"VAULTLIFT_EVIDENCE": "container:evidence", CONNECTION: "AccountKey=very-secret"}

    settings = Settings.from_environment(GOOD | given)

    assert parse_location("container:evidence") == settings.evidence_location
    assert "very-secret" not in repr(settings)


@pytest.mark.parametrize(
    "given",
    [
        {"VAULTLIFT_EVIDENCE": "container:evidence"},
        {"VAULTLIFT_EVIDENCE": "folder:x", CONNECTION: "AccountKey=k"},
        {"VAULTLIFT_EVIDENCE": "https://a.blob.core.windows.net/evidence", CONNECTION: "Key=k"},
    ],
)
def test_half_a_way_to_a_container_is_a_problem(given: dict[str, str]) -> None:
    """A connection string without a use for it is reported, and so is a missing one."""
    assert f"{CONNECTION}: goes with VAULTLIFT_EVIDENCE=container:NAME" in _problems(GOOD | given)


def test_an_account_of_another_cloud_is_a_problem() -> None:
    """Evidence of a sovereign cloud cannot be sent to the public one by a slip."""
    given = {
        "VAULTLIFT_CLOUD": "AzureUSGovernment",
        "VAULTLIFT_EVIDENCE": "https://acc1.blob.core.windows.net/evidence",
    }

    assert "not a blob account of AzureUSGovernment" in _problems(GOOD | given)
