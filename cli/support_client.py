"""The routes of failed upgrades, from the caller's side."""

import urllib.parse
from datetime import datetime

from cli.transport import JsonTransport
from cli.views import Body, parse
from domain.codec import JsonObject


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
