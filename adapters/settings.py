"""Every setting of the app, read from the environment once and checked as a whole.

No other module reads the environment. Azure Functions hands app settings to the process as
environment variables, so the names here are the names of the app settings.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from adapters.clouds import (
    KNOWN_CLOUDS,
    Cloud,
    CloudName,
    custom_cloud,
    may_carry_secrets,
    origin,
)
from adapters.evidence_location import (
    ContainerLocation,
    EvidenceLocation,
    find_cloud_problem,
    parse_location,
)
from domain.errors import ConfigurationError
from domain.signatures import LEAST_SECRET

_CRON_FIELDS = 6
_QUEUE_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?"
# How references to Key Vault and App Configuration begin, in small letters.
_REFERENCES = ("@microsoft.keyvault(", "@microsoft.appconfiguration(")
# Spelt as the Functions host spells them: the trigger's connection is the same setting.
_CONNECTION = "ServiceBusConnection"
_NAMESPACE = f"{_CONNECTION}__fullyQualifiedNamespace"
_EVIDENCE = "VAULTLIFT_EVIDENCE"
_EVIDENCE_CONNECTION = f"{_EVIDENCE}_CONNECTION"
_CUSTOM_ONLY = (
    "VAULTLIFT_CLASSIC_ENDPOINT",
    "VAULTLIFT_ARM_ENDPOINT",
    "VAULTLIFT_LOGS_ENDPOINT",
    "VAULTLIFT_TOKEN_URL",
    "VAULTLIFT_CLIENT_ID",
    "VAULTLIFT_CLIENT_SECRET",
)


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a GUID") from None


def _guids(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _endpoint(url: str) -> str:
    origin(url)
    if not may_carry_secrets(url):
        raise ValueError("plain http is allowed to loopback addresses only; use https")
    return url


def _origin_only(url: str) -> str:
    parts = urlsplit(_endpoint(url))
    # Requests carry the whole path of their own: one in front of it would be left out in silence.
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("nothing but scheme, host and port, as https://arm.example.com")
    return url


def _evidence(text: str) -> str:
    parse_location(text)
    return text


def _schedule(text: str) -> str:
    if len(text.split()) != _CRON_FIELDS:
        raise ValueError("expected an NCRONTAB expression of six fields, seconds first")
    return text


def _queue_name(text: str) -> str:
    if re.fullmatch(_QUEUE_NAME, text, re.ASCII) is None:
        raise ValueError("not a queue name: letters, digits, . - _ / expected, 260 at most")
    return text


def _secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < LEAST_SECRET:
        raise ValueError(f"too short: {LEAST_SECRET} characters at least")
    return secret


type _Guid = Annotated[str, AfterValidator(_guid)]
type _TokenUrl = Annotated[str, AfterValidator(_endpoint)]
type _Endpoint = Annotated[str, AfterValidator(_origin_only)]


class Settings(BaseModel):
    """The settings, valid together. Secrets print as stars.

    What is said below each is published as ``docs/reference/settings.md``.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=False, use_attribute_docstrings=True
    )

    cloud_name: CloudName = Field(CloudName.PUBLIC, alias="VAULTLIFT_CLOUD")
    """Which Azure cloud the vaults are in; `custom`: the endpoints below."""
    classic_endpoint: _Endpoint | None = Field(None, alias="VAULTLIFT_CLASSIC_ENDPOINT")
    """Classic management API of a `custom` cloud; https, or http to loopback."""
    arm_endpoint: _Endpoint | None = Field(None, alias="VAULTLIFT_ARM_ENDPOINT")
    """Azure Resource Manager of a `custom` cloud."""
    logs_endpoint: _Endpoint | None = Field(None, alias="VAULTLIFT_LOGS_ENDPOINT")
    """Log Analytics of a `custom` cloud."""
    token_url: _TokenUrl | None = Field(None, alias="VAULTLIFT_TOKEN_URL")
    """Where a `custom` cloud issues tokens; the other clouds use the default Azure credential."""
    client_id: str | None = Field(None, alias="VAULTLIFT_CLIENT_ID")
    """Client credentials for a `custom` cloud."""
    client_secret: SecretStr | None = Field(None, alias="VAULTLIFT_CLIENT_SECRET")
    """Client credentials for a `custom` cloud."""
    evidence: Annotated[str, AfterValidator(_evidence)] = Field(alias="VAULTLIFT_EVIDENCE")
    """Where evidence is kept: `https://ACCOUNT.blob.core.windows.net/CONTAINER`, reached by
    identity; `folder:PATH`; or `container:NAME` of the account a connection string names."""
    evidence_connection: SecretStr | None = Field(None, alias="VAULTLIFT_EVIDENCE_CONNECTION")
    """Connection string of the storage account, with `container:NAME`; for emulators."""
    clock_rate: float = Field(1.0, alias="VAULTLIFT_CLOCK_RATE", gt=0, allow_inf_nan=False)
    """Virtual seconds per second; for running locally. In Azure leave it alone."""
    clock_origin: float | None = Field(None, alias="VAULTLIFT_CLOCK_ORIGIN", allow_inf_nan=False)
    """Unix seconds at which virtual and real time agree; required where the rate is not 1."""
    service_bus_connection: SecretStr | None = Field(None, alias="ServiceBusConnection")
    """Connection string of the Service Bus namespace; or instead:"""
    service_bus_namespace: str | None = Field(
        None, alias="ServiceBusConnection__fullyQualifiedNamespace"
    )
    """Host name of the namespace, for access by identity. Exactly one of the two is set."""
    queue: Annotated[str, AfterValidator(_queue_name)] = Field(
        "vault-upgrades", alias="VAULTLIFT_QUEUE"
    )
    """The queue upgrades come through; it needs sessions."""
    admission_window: int = Field(100, alias="VAULTLIFT_ADMISSION_WINDOW", ge=1, le=500)
    """Vaults in flight at once that are not part of a campaign; the others wait in order."""
    approval_hours: int = Field(72, alias="VAULTLIFT_APPROVAL_HOURS", ge=1, le=720)
    """How long a plan waits for an answer where the request does not say, hours."""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = Field(
        None, alias="VAULTLIFT_WEBHOOK_SECRET"
    )
    """What other systems sign approvals with, 16 characters at least; not set: signed approvals
    are refused."""
    audit_schedule: Annotated[str, AfterValidator(_schedule)] = Field(
        "0 0 3 * * *", alias="VAULTLIFT_AUDIT_SCHEDULE"
    )
    """When the audit runs: NCRONTAB of six fields, seconds first, UTC."""
    subscriptions: Annotated[tuple[_Guid, ...], BeforeValidator(_guids)] = Field(
        (), alias="VAULTLIFT_SUBSCRIPTIONS"
    )
    """Subscriptions the audit covers, and in which settlements, those inside upgrades too, look for
    machines that several vaults have; separated by commas."""
    log_workspace: _Guid | None = Field(None, alias="VAULTLIFT_LOG_WORKSPACE")
    """Log Analytics workspace, by its id, that is asked where a request names none."""
    estate_map: str | None = Field(None, alias="VAULTLIFT_ESTATE_MAP")
    """YAML or JSON file with the time zones expected of vaults and the owners of machines."""

    @property
    def webhook_key(self) -> str | None:
        """The secret of signed approvals, in the clear."""
        return self.webhook_secret.get_secret_value() if self.webhook_secret else None

    @property
    def evidence_location(self) -> EvidenceLocation:
        """Folder or blob container of the evidence."""
        return parse_location(self.evidence)

    @property
    def cloud(self) -> Cloud:
        """The cloud with all its endpoints."""
        if self.cloud_name is not CloudName.CUSTOM:
            return KNOWN_CLOUDS[self.cloud_name]
        return custom_cloud(
            classic=self.classic_endpoint or "",
            arm=self.arm_endpoint or "",
            logs=self.logs_endpoint or "",
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings a process was started with; blank variables count as not set.

        Raises:
            ConfigurationError: Lists every problem found, one per line, without values of secrets.
        """
        given = {name: text.strip() for name, text in environment.items() if text.strip()}
        # Not a validator of the model: pydantic would run it only once every field is right,
        # and whoever sets the app up would learn of the rest one start later.
        contradictions = _contradictions(given)
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            # Without the cause: pydantic's own text repeats the values, and with them the secrets.
            raise _unusable([*_field_problems(error), *contradictions]) from None
        if contradictions:
            raise _unusable(contradictions)
        return settings


def _unusable(problems: list[str]) -> ConfigurationError:
    return ConfigurationError(
        "\n  ".join([f"{len(problems)} of them cannot be used:", *problems]) + "\n",
        subject="app settings",
        what_to_do="Correct the app settings and start again.",
    )


def _field_problems(error: ValidationError) -> list[str]:
    return [
        f"{problem['loc'][0]}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_input=False)
    ]


def _contradictions(given: Mapping[str, str]) -> list[str]:
    return [
        *_cloud_problems(given),
        *_clock_problems(given),
        *_service_bus_problems(given),
        *_evidence_problems(given),
        *_reference_problems(given),
    ]


def _reference_problems(given: Mapping[str, str]) -> list[str]:
    # App Service hands the text of a reference over where it cannot resolve it (Microsoft's "Use
    # Key Vault references", Troubleshoot). As a secret that would be one everybody can guess.
    names = [field.alias for field in Settings.model_fields.values() if field.alias]
    return [
        f"{name}: the reference was not resolved; let the app's identity read what it names"
        for name in names
        if given.get(name, "").casefold().startswith(_REFERENCES)
    ]


def _cloud_problems(given: Mapping[str, str]) -> list[str]:
    if given.get("VAULTLIFT_CLOUD") == CloudName.CUSTOM:
        missing = [name for name in _CUSTOM_ONLY if name not in given]
        return [f"{name}: required when VAULTLIFT_CLOUD is custom" for name in missing]
    extra = [name for name in _CUSTOM_ONLY if name in given]
    return [f"{name}: only for VAULTLIFT_CLOUD=custom" for name in extra]


def _clock_problems(given: Mapping[str, str]) -> list[str]:
    try:
        is_scaled = float(given.get("VAULTLIFT_CLOCK_RATE", "1")) != 1
    except ValueError:
        is_scaled = False  # Not a number: the field's own problem.
    if is_scaled and "VAULTLIFT_CLOCK_ORIGIN" not in given:
        # Without a common origin every process would live in a time of its own.
        return ["VAULTLIFT_CLOCK_ORIGIN: required when VAULTLIFT_CLOCK_RATE is not 1"]
    return []


def _service_bus_problems(given: Mapping[str, str]) -> list[str]:
    if (_CONNECTION in given) == (_NAMESPACE in given):
        return [f"{_CONNECTION}: set either it or {_NAMESPACE}, not both"]
    return []


def _evidence_problems(given: Mapping[str, str]) -> list[str]:
    try:
        location = parse_location(given.get(_EVIDENCE, ""))
        cloud = KNOWN_CLOUDS.get(CloudName(given.get("VAULTLIFT_CLOUD", CloudName.PUBLIC)))
    except ValueError:
        return []  # Not a location, or not a cloud: the field's own problem.
    # container:NAME says which container, the connection string in which account.
    needs = isinstance(location, ContainerLocation) and location.account_url is None
    if needs != (_EVIDENCE_CONNECTION in given):
        return [f"{_EVIDENCE_CONNECTION}: goes with {_EVIDENCE}=container:NAME, and only with it"]
    problem = find_cloud_problem(location, cloud) if cloud else None
    return [f"{_EVIDENCE}: {problem}"] if problem else []
