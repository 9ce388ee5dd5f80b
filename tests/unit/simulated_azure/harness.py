"""Simulated Azure without a server: an estate in a few members, and a client that calls it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree as ET

from multidict import CIMultiDict

from local.azure.clocks import FixedClock, MovableClock
from local.azure.estate import FileEstate, parse_estate
from local.azure.exchange import Answer, Outcome, Request
from local.azure.model import Vault
from local.azure.names import cloud_service_name, vault_id
from local.azure.routes import ROUTER
from local.azure.service import SimulatedAzure

SUBSCRIPTION = "0a1b2c3d-1111-4222-8333-444455556666"
GROUP = "rg-upgraded"
REGION = "West US"
BASE_URL = "http://127.0.0.1:1"
START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""A Tuesday, away from any change to or from summer time."""
API_VERSION = "2025-08-01"
_VERSIONS = (
    ("/register", "2021-04-01"),
    ("/diagnosticSettings", "2021-05-01-preview"),
    ("/protectionPolicies", "2014-09-01"),
    ("/Microsoft.Backup/", "2015-03-15"),
    ("/Microsoft.Features/", "2021-07-01"),
    ("/Microsoft.RecoveryServices/", API_VERSION),
    ("/resources", "2013-03-01"),
)
_SUBSCRIPTION_VERSIONS = {3: "2022-12-01", 4: "2021-04-01", 5: "2021-04-01"}
"""By the number of slashes, and one more: the subscription, its groups, a provider."""


def version_of(path: str) -> str:
    """The api-version a client sends with a path."""
    known = next((version for part, version in _VERSIONS if part in path), None)
    return known or _SUBSCRIPTION_VERSIONS.get(path.count("/") + 1, API_VERSION)


def estate(*vaults: dict[str, Any], **document: Any) -> FileEstate:
    """An estate of these vaults in one subscription."""
    rows = [{"region": REGION, **vault} for vault in vaults]
    return parse_estate(
        {
            "schema": "vaultlift/estate/1",
            "subscriptions": [{"id": SUBSCRIPTION, "vaults": rows}],
            **document,
        }
    )


def native(name: str = "rsv", **members: Any) -> dict[str, Any]:
    """A vault that was made as a Recovery Services vault."""
    return {"name": name, "native": {"resourceGroup": GROUP}, **members}


@dataclass
class Client:
    """Calls simulated Azure in process, with a good token unless told otherwise."""

    service: SimulatedAzure
    clock: MovableClock
    authorization: str | None = field(default=None)

    def __post_init__(self) -> None:
        if self.authorization is None:
            self.authorization = f"Bearer {self.service.tokens.issue()}"

    @property
    def vault(self) -> Vault:
        """The estate's first vault."""
        return self.service.state.vaults[0]

    def send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Outcome:
        """Sends one request and gives what the server would do with it."""
        sent = CIMultiDict(headers or {})
        if self.authorization:
            sent.setdefault("Authorization", self.authorization)
        return self.service.handle(
            Request(
                method=method,
                raw_path=quote(path, safe="/%~"),
                query=query or {},
                headers=sent,
                body=body,
                base_url=BASE_URL,
            )
        )

    def arm(self, method: str, tail: str = "", *, document: Any = None, **query: str) -> Answer:
        """One ARM call below the estate's first vault; ``filter`` becomes ``$filter``."""
        names = {"filter": "$filter", "skip_token": "$skipToken"}
        parameters = {names.get(key, key): value for key, value in query.items()}
        path = vault_id(SUBSCRIPTION, GROUP, self.vault.name) + tail
        outcome = self.send(
            method,
            path,
            query={"api-version": version_of(path), **parameters},
            body=b"" if document is None else json.dumps(document).encode(),
        )
        return outcome.answer

    def rows(self, tail: str, **query: str) -> list[dict[str, Any]]:
        """The rows of one ARM list; fails where the list is refused."""
        answer = self.arm("GET", tail, **query)
        assert answer.status == 200, answer.body
        value: list[dict[str, Any]] = json.loads(answer.body)["value"]
        return value

    def follow(self, url: str) -> Answer:
        """Follows a link of an answer."""
        parts = urlsplit(url)
        return self.send("GET", parts.path, query=dict(parse_qsl(parts.query))).answer

    def classic(
        self,
        method: str,
        action: str,
        *,
        target: str | None = None,
        request_id: str = "11111111-2222-4333-8444-555555555555",
        **headers: str | None,
    ) -> Outcome:
        """One upgrade call about the estate's first vault; a header given as None is left out."""
        vault = self.vault
        path = (
            f"/{SUBSCRIPTION}/cloudservices/{cloud_service_name(SUBSCRIPTION, vault.region)}"
            f"/resources/WABackup/~/{vault.vault_type}/{vault.name}/{action}"
        )
        usual: dict[str, str | None] = {
            "Accept": "application/xml",
            "Agent-Authentication": "",
            "Content-Type": "application/xml",
            "x-ms-client-request-id": request_id,
            "x-ms-version": "2013-03-01",
        }
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in (usual | changed).items() if value is not None}
        body = upgrade_input(target or target_path(vault.name)) if method == "POST" else b""
        return self.send(method, path, headers=sent, body=body)

    def start(self, request_id: str = "op-1") -> Answer:
        """Starts the upgrade of the estate's first vault."""
        return self.classic("POST", "upgrade", request_id=request_id).answer

    def wait(self, **span: float) -> None:
        """Lets virtual time go by."""
        self.clock.advance(timedelta(**span))


def target_path(name: str, group: str = GROUP) -> str:
    """NewResourcePath as clients write it."""
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        f"/providers/Microsoft.RecoveryServices/Vaults/{name}"
    )


def upgrade_input(target: str) -> bytes:
    """A request body in the recorded form: two blanks, CR LF, no declaration."""
    return (
        '<ResourceUpgradeInput xmlns="http://schemas.microsoft.com/windowsazure">\r\n'
        f"  <NewResourcePath>{target}</NewResourcePath>\r\n</ResourceUpgradeInput>"
    ).encode()


def open_client(
    *vaults: dict[str, Any], start: datetime = START, quotas: bool = False, **document: Any
) -> Client:
    """A client of a fresh estate of these vaults."""
    clock = MovableClock(FixedClock(start))
    service = SimulatedAzure(estate(*vaults, **document), clock, ROUTER, enforces_quotas=quotas)
    return Client(service=service, clock=clock)


def parse_xml(body: bytes | str) -> ET.Element:
    """The root of an XML answer."""
    return ET.fromstring(body)  # noqa: S314 - written by the code under test


def error_of(answer: Answer) -> tuple[int, str]:
    """Status and code of a JSON refusal."""
    return answer.status, json.loads(answer.body)["error"]["code"]
