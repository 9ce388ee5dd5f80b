"""The routes of settlements, from the caller's side."""

import urllib.parse

from cli.settle_views import AcceptedSettlements, SettlementView
from cli.transport import LIST_TIMEOUT_S, JsonTransport
from cli.views import parse
from domain.codec import JsonObject


class SettleClient:
    """What a command may ask of the app about settlements.

    Args:
        transport: Reaches the app.
    """

    def __init__(self, transport: JsonTransport) -> None:
        self._transport = transport

    @property
    def url(self) -> str:
        """Where the app is."""
        return self._transport.url

    def send(self, body: JsonObject) -> AcceptedSettlements:
        """Has vaults settled (``POST /api/settlements``).

        Raises:
            InvalidInputError: The app found problems in it; nothing was started.
            ServiceError: The app refused, or could not be reached.
        """
        # Not sent again by itself: the body has its request id, so whoever asks again joins.
        answer = self._transport.call("POST", "/api/settlements", body, timeout_s=LIST_TIMEOUT_S)
        return parse(AcceptedSettlements, answer, subject=self.url)

    def read(self, settlement_id: str) -> SettlementView:
        """One settlement, with checklist and tasks once it has ended.

        Raises:
            NotFoundError: The app knows no settlement of that id.
        """
        answer = self._transport.call("GET", _path(settlement_id))
        return parse(SettlementView, answer, subject=settlement_id)

    def tell_guard(self, settlement_id: str, *, decision: str, by: str) -> None:
        """Says that the owner of the Resource Guard has agreed, or will not.

        Raises:
            RefusedError: The settlement does not wait for a guard.
        """
        # Behind a sign-in the app takes its own word for who says so; this name counts without one.
        body: JsonObject = {"decision": decision, "by": by}
        self._transport.call("POST", f"{_path(settlement_id)}/guard", body)


def _path(settlement_id: str) -> str:
    return f"/api/settlements/{urllib.parse.quote(settlement_id, safe='')}"
