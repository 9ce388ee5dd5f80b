"""The routes of campaigns and messages, from the caller's side."""

import urllib.parse
from collections.abc import Iterator

from cli.campaign_views import (
    AcceptedCampaign,
    CampaignPage,
    CampaignPlan,
    CampaignView,
)
from cli.message_views import KeptMessageView, MessagePage, ReplayAnswer, ReplayedMessage
from cli.transport import LIST_TIMEOUT_S, JsonTransport
from cli.views import parse
from domain.campaigns import Verb
from domain.codec import JsonObject
from domain.errors import NotFoundError, UnavailableError


def _path(*parts: str) -> str:
    # Slashes, too: an id from a command line must not become another route.
    return "/api/" + "/".join(urllib.parse.quote(part, safe="") for part in parts)


class CampaignClient:
    """What a command may ask of the app about campaigns and messages.

    Args:
        transport: Reaches the app.
    """

    def __init__(self, transport: JsonTransport) -> None:
        self._transport = transport

    def plan(self, body: JsonObject) -> CampaignPlan:
        """The plan of a campaign; nothing is started.

        Raises:
            InvalidInputError: The app found problems in it.
            ServiceError: The app refused, or could not be reached.
        """
        answer = self._post({**body, "dryRun": True})
        return parse(CampaignPlan, answer, subject="the plan")

    def _post(self, body: JsonObject) -> JsonObject:
        path = _path("campaigns")
        return self._transport.call("POST", path, body, timeout_s=LIST_TIMEOUT_S)

    def start(self, body: JsonObject) -> AcceptedCampaign:
        """Starts a campaign, once: when the answer is lost, the campaign's own id tells.

        Raises:
            InvalidInputError: The app found problems in it; nothing was started.
            ServiceError: The app refused, or could not be reached.
        """
        try:
            answer = self._post(body)
        except UnavailableError as lost:
            return self._find_started(body["campaignId"], lost)
        return parse(AcceptedCampaign, answer, subject="the campaign")

    def _find_started(self, campaign_id: str, lost: UnavailableError) -> AcceptedCampaign:
        try:
            view = self.read(campaign_id)
        except NotFoundError:
            # It never got there; what went wrong first is what there is to say.
            raise lost from None
        return AcceptedCampaign(id=view.id, total=view.total)

    def read(self, campaign_id: str) -> CampaignView:
        """One campaign.

        Raises:
            NotFoundError: The app knows no campaign of that id.
        """
        answer = self._transport.call("GET", _path("campaigns", campaign_id))
        return parse(CampaignView, answer, subject=campaign_id)

    def list_all(self) -> tuple[CampaignView, ...]:
        """Every campaign, the latest first."""
        found: list[CampaignView] = []
        token: str | None = None
        while True:
            query = f"?{urllib.parse.urlencode({'continuation': token})}" if token else ""
            answer = self._transport.call("GET", _path("campaigns") + query)
            page = parse(CampaignPage, answer, subject="the campaigns")
            found += page.campaigns
            token = page.continuation_token
            if not token:
                # The app sorts each page by itself; only all of them together have an order.
                return tuple(sorted(found, key=lambda one: one.started_at, reverse=True))

    def command(self, campaign_id: str, verb: Verb, by: str, comment: str | None) -> None:
        """Asks something of a campaign.

        Raises:
            NotFoundError: There is no such campaign.
            RefusedError: It is in no phase for that.
        """
        path = _path("campaigns", campaign_id, verb.value)
        self._transport.call("POST", path, _asked(by, comment))

    def list_messages(self, box: str, limit: int) -> tuple[tuple[KeptMessageView, ...], bool]:
        """The messages of a box, the oldest first; and whether there are more."""
        page = self._message_page(box, limit)
        # A full page may be the last one; only another look can tell.
        has_more = page.from_ is not None and bool(self._message_page(box, 1, page.from_).messages)
        return page.messages, has_more

    def _message_page(self, box: str, limit: int, start: int | None = None) -> MessagePage:
        path = f"{_path('messages', box)}?top={limit}"
        answer = self._transport.call("GET", path if start is None else f"{path}&from={start}")
        return parse(MessagePage, answer, subject=box)

    def read_message(self, box: str, number: int) -> KeptMessageView:
        """One message with its body.

        Raises:
            NotFoundError: There is no such message.
        """
        answer = self._transport.call("GET", _path("messages", box, str(number)))
        return parse(KeptMessageView, answer, subject=f"{box} {number}")

    def replay_all(self, box: str, by: str, comment: str | None) -> Iterator[ReplayedMessage]:
        """Sends anew what is in a box, in as many calls as it takes."""
        sent: set[str] = set()
        while done := self.replay(box, None, by, comment).replayed:
            yield from done
            sent |= {one.message_id for one in done}
            left = self._message_page(box, 1).messages
            # What was refused again comes behind everything that was there before.
            if not left or left[0].original_id in sent:
                return

    def replay(self, box: str, number: int | None, by: str, comment: str | None) -> ReplayAnswer:
        """Sends one message anew, or as many of a box as the app takes in one call.

        Raises:
            NotFoundError: There is no such message.
        """
        parts = ("messages", box, *(() if number is None else (str(number),)), "replay")
        # Messages are sent and taken out of the box one by one, or passed over to find the one.
        answer = self._transport.call(
            "POST", _path(*parts), _asked(by, comment), timeout_s=LIST_TIMEOUT_S
        )
        return parse(ReplayAnswer, answer, subject=box)


def _asked(by: str, comment: str | None) -> JsonObject:
    return {"requestedBy": by, **({"comment": comment} if comment else {})}
