"""The routes of the app's HTTP API, from the caller's side."""

import urllib.parse
from collections.abc import Iterator
from contextlib import suppress

from cli.settle_views import is_settlement
from cli.transport import LIST_TIMEOUT_S, TIMEOUT_S, JsonTransport
from cli.views import AcceptedRequest, UpgradePage, UpgradeView, parse
from domain.codec import JsonObject
from domain.errors import NotFoundError, UnavailableError

PAGE_SIZE = 100
"""Upgrades asked for at once when listing."""

SEND_ATTEMPTS = 3
"""A list of vaults is sent again when its answer is lost: the same request id is the same request,
so the app joins the two (service-bus 6.2). Approvals are never sent twice."""

VAULT_TIMEOUT_S = 0.02
"""What each vault of a list adds to the time its call may take: all are queued and noted before the
app answers, and a list that is sent again meanwhile only adds to what the app has to do."""


class ApiClient:
    """What a command may ask of the app.

    Args:
        transport: Reaches the app.
    """

    def __init__(self, transport: JsonTransport) -> None:
        self._transport = transport

    @property
    def url(self) -> str:
        """Where the app is."""
        return self._transport.url

    def send_upgrades(self, body: JsonObject) -> AcceptedRequest:
        """Hands in a list of vaults (``POST /api/upgrades``).

        Raises:
            InvalidInputError: The app found problems in it; nothing was enqueued.
            ServiceError: The app refused, or could not be reached.
        """
        for _ in range(SEND_ATTEMPTS - 1):
            # Only a lost answer: a refusal would be the same the next time.
            with suppress(UnavailableError):
                return self._send(body)
        return self._send(body)

    def _send(self, body: JsonObject) -> AcceptedRequest:
        # Not the whole time for a short list: it is sent again, and an app that hangs should be
        # told of soon.
        wanted_s = TIMEOUT_S + VAULT_TIMEOUT_S * len(body["vaults"])
        timeout_s = min(wanted_s, LIST_TIMEOUT_S)
        answer = self._transport.call("POST", "/api/upgrades", body, timeout_s=timeout_s)
        return parse(AcceptedRequest, answer, subject=self.url)

    def read_upgrade(self, upgrade_id: str) -> UpgradeView:
        """One upgrade.

        Raises:
            NotFoundError: The app knows no upgrade of that id.
        """
        path = f"/api/upgrades/{urllib.parse.quote(upgrade_id, safe='')}"
        return parse(UpgradeView, self._transport.call("GET", path), subject=upgrade_id)

    def list_upgrades(self) -> Iterator[UpgradeView]:
        """Every upgrade the app knows, page by page."""
        token: str | None = None
        while True:
            query = {"top": str(PAGE_SIZE)} | ({"continuation": token} if token else {})
            path = f"/api/upgrades?{urllib.parse.urlencode(query)}"
            page = parse(UpgradePage, self._transport.call("GET", path), subject=self.url)
            yield from page.upgrades
            token = page.continuation_token
            # Absent, null and empty all mean that this was the last page.
            if not token:
                return

    def count_waiting(self) -> int:
        """How many vaults wait in the app for a slot to become free."""
        try:
            waiting = self._transport.call("GET", "/api/admission").get("waiting")
        except NotFoundError:
            # An app from before there was an order to wait in.
            return 0
        return waiting if isinstance(waiting, int) else 0

    def answer_plan(
        self, upgrade_id: str, *, plan_hash: str, approver: str, decision: str, comment: str | None
    ) -> None:
        """Approves or denies the plan an upgrade waits with.

        Raises:
            RefusedError: It does not wait, waits with another plan, or approver = requester.
        """
        body: JsonObject = {"planHash": plan_hash, "approver": approver, "decision": decision}
        if comment:
            body["comment"] = comment
        # Settlements ask in the same way, at their own address.
        kind = "settlements" if is_settlement(upgrade_id) else "upgrades"
        path = f"/api/{kind}/{urllib.parse.quote(upgrade_id, safe='')}/approval"
        # Once: a repeated approval of the same plan would be answered with 409 and look like a
        # failure.
        self._transport.call("POST", path, body)
