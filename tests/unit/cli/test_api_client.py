"""The routes of the app as the command line calls them."""

import pytest

from cli.api_client import SEND_ATTEMPTS, ApiClient
from cli.campaign_client import CampaignClient
from cli.settle_client import SettleClient
from cli.transport import LIST_TIMEOUT_S, TIMEOUT_S, JsonTransport
from domain.errors import RefusedError, UnavailableError, UnexpectedAnswerError
from tests.unit.cli.fake_app import accepted_body, error_body, view_body

UPGRADES = "/api/upgrades"
FIRST_PAGE = f"{UPGRADES}?top=100"
REQUEST = {"requestedBy": "nora", "requestId": "request-1", "vaults": []}


@pytest.fixture
def client(fake_app):
    """A client of the fake app."""
    return ApiClient(JsonTransport(fake_app.url))


def test_list_of_vaults_is_sent_once(fake_app, client):
    """A list that is answered is sent exactly once."""
    fake_app.on("POST", UPGRADES, (202, accepted_body("v1", "v2")))
    accepted = client.send_upgrades(REQUEST)

    assert ["upgrade-v1", "upgrade-v2"] == [upgrade.id for upgrade in accepted.upgrades]
    assert [REQUEST] == [body for _, _, _, body in fake_app.calls]


class Stopwatch(JsonTransport):
    """Answers at once, and remembers how long it would have waited."""

    def __init__(self, answer):
        super().__init__("http://127.0.0.1:9")
        self.answer = answer
        self.waits = []

    def call(self, method, path, body=None, *, timeout_s=None):
        """The answer, whatever is asked."""
        self.waits.append(timeout_s)
        return self.answer


@pytest.mark.parametrize(
    ("vaults", "timeout_s"), [(1, TIMEOUT_S), (1000, 50), (10_000, LIST_TIMEOUT_S)]
)
def test_a_long_list_is_given_the_time_it_takes(vaults, timeout_s):
    """The app notes each vault before it answers; a list that is given up is sent again."""
    transport = Stopwatch(accepted_body("v1"))
    ApiClient(transport).send_upgrades({**REQUEST, "vaults": [{}] * vaults})

    assert [timeout_s] == pytest.approx(transport.waits, abs=0.1)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda one: CampaignClient(one).start({}), {"id": "c", "total": 1}),
        (lambda one: SettleClient(one).send({}), {"requestId": "r", "settlements": []}),
    ],
    ids=["campaign", "settle"],
)
def test_looking_through_subscriptions_is_given_all_the_time_there_is(ask, answer):
    """Vaults are found one subscription after the other before the app answers."""
    transport = Stopwatch(answer)
    ask(transport)

    assert [LIST_TIMEOUT_S] == transport.waits


@pytest.mark.parametrize("number", [None, 7])
def test_a_replay_is_given_all_the_time_there_is(number):
    """Hundreds of messages are sent one by one, or passed over, before the app answers."""
    transport = Stopwatch({"replayed": []})
    CampaignClient(transport).replay("rejected", number, "ada", None)

    assert [LIST_TIMEOUT_S] == transport.waits


def test_lost_answer_is_sent_again_as_the_same_request(fake_app, client):
    """When the answer is lost the same body, with the same request id, is sent again."""
    fake_app.on("POST", UPGRADES, (0, b""), (202, accepted_body("v1")))
    client.send_upgrades(REQUEST)

    assert [REQUEST, REQUEST] == [body for _, _, _, body in fake_app.calls]


def test_sending_gives_up(fake_app, client):
    """An app that stays away is reported after a bounded number of attempts."""
    fake_app.on("POST", UPGRADES, (503, error_body("QueueUnavailable", "The queue is away.")))
    with pytest.raises(UnavailableError, match="The queue is away"):
        client.send_upgrades(REQUEST)

    assert SEND_ATTEMPTS == len(fake_app.calls)


def test_refusal_is_not_sent_again(fake_app, client):
    """What was refused is not tried again."""
    fake_app.on("POST", UPGRADES, (409, error_body("Conflict", "No.")))
    with pytest.raises(RefusedError):
        client.send_upgrades(REQUEST)

    assert 1 == len(fake_app.calls)


def test_all_pages_are_listed(fake_app, client):
    """Listing goes on until there is no continuation token."""
    fake_app.on(
        "GET", FIRST_PAGE, (200, {"upgrades": [view_body("a")], "continuationToken": "x/y"})
    )
    fake_app.on(
        "GET",
        f"{FIRST_PAGE}&continuation=x%2Fy",
        (200, {"upgrades": [view_body("b")], "continuationToken": None}),
    )

    assert ["a", "b"] == [view.vault.name for view in client.list_upgrades()]


def test_id_is_quoted_in_the_address(fake_app, client):
    """An id cannot reach another route."""
    fake_app.on("GET", f"{UPGRADES}/a%2F..%2Fb", (200, view_body("a")))

    assert "a" == client.read_upgrade("a/../b").vault.name


def test_answer_of_another_shape_is_unexpected(fake_app, client):
    """A member that is not as documented is named."""
    fake_app.on("GET", f"{UPGRADES}/x", (200, view_body(findings={"failed": "many"})))
    with pytest.raises(UnexpectedAnswerError, match=r"findings\.failed"):
        client.read_upgrade("x")


def test_newer_members_are_passed_over(fake_app, client):
    """An app that says more than this version knows can still be read."""
    fake_app.on("GET", f"{UPGRADES}/x", (200, view_body("x", novelty={"a": 1})))

    assert "x" == client.read_upgrade("x").vault.name


def test_decision_names_plan_and_approver(fake_app, client):
    """An approval carries the plan's hash, the approver and the comment, and is sent once."""
    fake_app.on("POST", f"{UPGRADES}/u/approval", (202, {}))
    client.answer_plan("u", plan_hash="h", approver="max", decision="approve", comment="ok")

    assert [{"planHash": "h", "approver": "max", "decision": "approve", "comment": "ok"}] == [
        body for _, _, _, body in fake_app.calls
    ]


def test_decision_is_never_sent_twice(fake_app, client):
    """An approval whose answer is lost is not repeated: a person looks first."""
    fake_app.on("POST", f"{UPGRADES}/u/approval", (0, b""))
    with pytest.raises(UnavailableError):
        client.answer_plan("u", plan_hash="h", approver="max", decision="deny", comment=None)

    assert 1 == len(fake_app.calls)


@pytest.mark.parametrize(
    ("answer", "waiting"),
    [
        ((200, {"window": 9, "inFlight": 9, "waiting": 4}), 4),
        ((200, {}), 0),
        ((404, error_body("NotFound", "no route")), 0),
    ],
)
def test_the_app_says_how_many_wait(fake_app, client, answer, waiting):
    """An app that knows no order to wait in has nobody waiting."""
    fake_app.on("GET", "/api/admission", answer)

    assert waiting == client.count_waiting()
