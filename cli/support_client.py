"""The routes of failed upgrades, from the caller's side."""

import re
import urllib.parse
from collections.abc import Iterator
from datetime import datetime

from cli.api_client import ApiClient
from cli.transport import JsonTransport
from cli.views import Body, UpgradeView, parse
from domain.codec import JsonObject
from domain.errors import InvalidInputError, NotFoundError, Problem

_UPGRADE_ID = re.compile(r"upgrade-[0-9a-f]{32}")


class SupportView(Body):
    """A support bundle as the app gives it."""

    id: str
    evidence_key: str
    recorded_at: datetime
    bundle: JsonObject
    """``to_json(SupportBundle)``: OperationId, records, calls, exchanges, the e-mail."""


class RetryView(Body):
    """What an instruction of Microsoft came to."""

    id: str
    attempt: int
    ticket: str
    request_id: str


class SupportClient:
    """What a command may ask of the app about failed upgrades.

    Args:
        transport: Reaches the app.
    """

    def __init__(self, transport: JsonTransport) -> None:
        self._transport = transport
        self._upgrades = ApiClient(transport)

    def find(self, vault: str) -> str:
        """The id of an upgrade, given that id or the vault's name.

        Raises:
            NotFoundError: The app knows no upgrade of a vault of that name.
            InvalidInputError: It knows several.
        """
        # No vault can be called that and be mistaken: an id goes on with 32 hexadecimal digits.
        # By the whole form: a vault may well be named upgrade-test.
        if _UPGRADE_ID.fullmatch(vault):
            return vault
        found = list(self._named(vault))
        if not found:
            raise NotFoundError(
                "no upgrade of a vault of that name",
                subject=vault,
                what_to_do="See `vaultlift status --all`.",
            )
        # Names repeat across subscriptions and regions, and an instruction is for one failure only.
        if len(found) > 1:
            problems = [
                Problem(
                    where=view.id,
                    field="VAULT",
                    message=f"{view.vault.region}, subscription {view.vault.subscription_id}",
                    vault=view.vault.name,
                )
                for view in found
            ]
            raise InvalidInputError(problems, subject=f"several vaults are named {vault}")
        return found[0].id

    def _named(self, name: str) -> Iterator[UpgradeView]:
        wanted = name.casefold()
        views = self._upgrades.list_upgrades()
        return (view for view in views if wanted in {view.vault.name.casefold(), view.id})

    def read_support(self, upgrade_id: str) -> SupportView:
        """The latest support bundle of a vault.

        Raises:
            NotFoundError: The app knows no upgrade of that id.
            RefusedError: No upgrade of the vault has failed.
        """
        answer = self._transport.call("GET", f"{_path(upgrade_id)}/support")
        return parse(SupportView, answer, subject=upgrade_id)

    def authorize_retry(
        self, upgrade_id: str, *, ticket: str, instruction: str, authorized_by: str
    ) -> RetryView:
        """Records Microsoft's instruction and hands the vault in once more.

        Raises:
            RefusedError: Nothing has failed, or another ticket opened the attempt already.
        """
        body: JsonObject = {
            "ticket": ticket,
            "instruction": instruction,
            "authorizedBy": authorized_by,
        }
        answer = self._transport.call("POST", f"{_path(upgrade_id)}/retry", body)
        return parse(RetryView, answer, subject=upgrade_id)


def _path(upgrade_id: str) -> str:
    return f"/api/upgrades/{urllib.parse.quote(upgrade_id, safe='')}"
