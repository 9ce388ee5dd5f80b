"""Faults on demand."""

import pytest

from local.azure.faults import FaultKind, FaultRule, Faults, Subject, parse_rules
from tests.unit.simulated_azure.harness import error_of, native, open_client, parse_xml

READ = Subject(method="GET", path="/subscriptions/s/vaults/V1/jobs", route="jobs", vault="V1")


def strikes(rule, times, subject=READ):
    """Which of a number of calls a rule strikes."""
    faults = Faults()
    faults.add(rule)
    return [faults.strike(subject) is not None for _ in range(times)]


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"method": "get"}, True),
        ({"method": "PUT"}, False),
        ({"route": "jobs"}, True),
        ({"route": "job"}, False),
        ({"path": r"/VAULTS/[^/]+/jobs$"}, True),
        ({"path": "policies"}, False),
        ({"vault": "v1"}, True),
        ({"vault": "v2"}, False),
        ({"route": "jobs", "vault": "v2"}, False),
    ],
)
def test_every_condition_must_hold(conditions, fits):
    """Those that are not given do not matter."""
    assert [fits] == strikes(FaultRule(kind=FaultKind.DROP, **conditions), 1)


def test_a_count_is_used_up():
    """Then calls go through again."""
    assert strikes(FaultRule(kind=FaultKind.DROP, count=2), 4) == [True, True, False, False]


def test_the_first_calls_can_be_let_through():
    """To strike exactly the third."""
    rule = FaultRule(kind=FaultKind.DROP, skip=2, count=1)

    assert strikes(rule, 4) == [False, False, True, False]


def test_chance_repeats_with_its_seed():
    """Half of the calls, always the same half."""
    rule = FaultRule(kind=FaultKind.DROP, probability=0.5, seed=7)
    first = strikes(rule, 100)

    assert first == strikes(rule, 100)
    assert 30 < sum(first) < 70
    assert first != strikes(rule.model_copy(update={"seed": 8}), 100)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "explode"},
        {"kind": "drop", "path": "("},
        {"kind": "latency"},
        {"kind": "status", "status": 200},
        {"kind": "drop", "probability": 0},
        {"kind": "drop", "unknown": 1},
    ],
)
def test_malformed_rules_are_refused(document):
    """A rule that would do nothing, or not what was meant, is a mistake."""
    with pytest.raises(ValueError, match="validation error"):
        parse_rules(document)


def fault(client, **rule):
    """Puts a fault on the service."""
    client.service.faults.add(FaultRule(**rule))


def test_a_status_comes_before_any_effect():
    """A start that is answered with 500 has not started."""
    client = open_client({"name": "v1"})
    fault(client, kind=FaultKind.STATUS, status=500, route="classic-upgrade", count=1)

    answer = client.start()

    assert answer.status == 500
    assert parse_xml(answer.body)[0].text == "InternalServerError"
    assert client.vault.starts_received == 0
    assert client.start().status == 200


def test_throttling_says_when_to_come_back():
    """With ARM's code."""
    client = open_client(native())
    fault(client, kind=FaultKind.STATUS, status=429, retry_after_s=7)

    answer = client.arm("GET")

    assert error_of(answer) == (429, "SubscriptionRequestsThrottled")
    assert answer.headers["Retry-After"] == "7"


def test_a_code_of_ones_own_can_be_given():
    """For a refusal that only some services know."""
    client = open_client(native())
    fault(client, kind=FaultKind.STATUS, status=403, code="AuthorizationFailed")

    assert error_of(client.arm("GET")) == (403, "AuthorizationFailed")


def test_a_dropped_call_has_no_effect():
    """The connection closes first."""
    client = open_client({"name": "v1"})
    fault(client, kind=FaultKind.DROP, route="classic-upgrade")

    outcome = client.classic("POST", "upgrade")

    assert outcome.is_dropped
    assert client.vault.starts_received == 0


def test_a_lost_response_has_its_effect():
    """The upgrade runs; only nobody was told."""
    client = open_client({"name": "v1"})
    fault(client, kind=FaultKind.LOST_RESPONSE, route="classic-upgrade")

    outcome = client.classic("POST", "upgrade")

    assert outcome.is_dropped
    assert client.vault.starts_received == 1


def test_a_wrong_body_is_no_xml():
    """200, and not what was asked for."""
    client = open_client({"name": "v1"})
    fault(client, kind=FaultKind.WRONG_BODY, body="<html>")

    answer = client.classic("POST", "checkPrereqsForUpgrade").answer

    assert (answer.status, answer.body) == (200, b"<html>")


def test_a_wrong_body_can_come_with_an_error_status():
    """As a gateway in front of the service answers: not XML, not the service's words."""
    client = open_client({"name": "v1"})
    fault(client, kind=FaultKind.WRONG_BODY, status=502)

    answer = client.classic("POST", "checkPrereqsForUpgrade").answer

    assert (answer.status, answer.content_type) == (502, "text/html")


def test_latency_waits_and_goes_on():
    """The answer is the usual one."""
    client = open_client({"name": "v1"})
    fault(client, kind=FaultKind.LATENCY, latency_s=0.25)

    outcome = client.classic("POST", "checkPrereqsForUpgrade")

    assert (outcome.wait_s, outcome.answer.status) == (0.25, 200)


def test_a_token_can_be_made_to_expire():
    """The call it strikes is refused, and the token stays dead."""
    client = open_client(native())
    fault(client, kind=FaultKind.EXPIRE_TOKEN, count=1)

    answers = [error_of(client.arm("GET")) for _ in range(2)]

    assert answers == [(401, "ExpiredAuthenticationToken")] * 2


def test_the_token_endpoint_can_fail_too():
    """In the directory's own form."""
    client = open_client(native())
    fault(client, kind=FaultKind.STATUS, status=503, route="token")

    assert client.send("POST", "/t/oauth2/v2.0/token").answer.status == 503
