"""Shared access signatures, checked against the client library's own."""

import pytest
from azure.servicebus._pyamqp.utils import generate_sas_token

from local.servicebus.authorization import AccessKey, Authorization
from local.servicebus.errors import BrokerError
from local.servicebus.sas import Grant, verify_token
from tests.unit.servicebus.broker_fakes import START_MS, FakeTimeline

NAME, KEY = "Root", "secret"
EXPIRES_S = START_MS // 1000 + 1
URI = "sb://127.0.0.1:5672/Orders"


def token(uri=URI, name=NAME, key=KEY):
    """A token as the client library makes it."""
    return generate_sas_token(uri, name, key, EXPIRES_S)


def test_genuine_token_grants_its_path():
    """The client's token is taken; the path is compared without case."""
    grant = verify_token(token(), key_name=NAME, key=KEY, now_s=EXPIRES_S - 1)

    assert Grant(resource="orders", expires_s=EXPIRES_S) == grant


def test_expired_token_is_refused():
    """A token is worth nothing from its expiry on."""
    with pytest.raises(BrokerError, match="expired"):
        verify_token(token(), key_name=NAME, key=KEY, now_s=EXPIRES_S)


@pytest.mark.parametrize(
    "text",
    [
        token(key="other"),
        token(name="Other"),
        token().replace("orders", "others").replace("Orders", "Others"),
        token().replace("SharedAccessSignature ", ""),
    ],
)
def test_forged_token_is_refused(text):
    """Another key, name, resource or scheme is a forgery."""
    with pytest.raises(BrokerError, match="InvalidSignature"):
        verify_token(text, key_name=NAME, key=KEY, now_s=0)


@pytest.mark.parametrize("text", ["", "SharedAccessSignature ", "a.b.c", token() + "&se=soon"])
def test_malformed_token_is_refused(text):
    """What is no signature at all is called that."""
    with pytest.raises(BrokerError, match="MalformedToken"):
        verify_token(text, key_name=NAME, key=KEY, now_s=0)


@pytest.mark.parametrize(
    ("granted", "wanted", "is_allowed"),
    [
        ("sb://h/orders", "orders", True),
        ("sb://h/orders", "ORDERS", True),
        ("sb://h/orders", "orders/$DeadLetterQueue", True),
        ("sb://h/", "orders", True),
        ("sb://h/orders", "orders-rejected", False),
        ("sb://h/orders", "others", False),
    ],
)
def test_token_opens_its_queue_and_what_is_below(granted, wanted, is_allowed):
    """A token is for one queue with its dead letters, or for the whole namespace."""
    authorization = Authorization(AccessKey(name=NAME, key=KEY), FakeTimeline())
    grant = verify_token(token(granted), key_name=NAME, key=KEY, now_s=0)
    authorization._grants[grant.resource] = grant

    if is_allowed:
        authorization.check(wanted)
    else:
        with pytest.raises(BrokerError, match="No valid token"):
            authorization.check(wanted)


def test_grant_ends():
    """A connection cannot live on a token for ever."""
    timeline = FakeTimeline()
    authorization = Authorization(AccessKey(name=NAME, key=KEY), timeline)
    authorization._grants["orders"] = Grant(resource="orders", expires_s=EXPIRES_S)
    authorization.check("orders")
    timeline.advance(1000)

    with pytest.raises(BrokerError, match="No valid token"):
        authorization.check("orders")


def test_without_a_key_everything_is_allowed():
    """The emulator checks nothing either."""
    assert Authorization(None, FakeTimeline()).check("orders") is None


def test_token_for_no_url_is_refused():
    """A bare name must not be taken for the whole namespace."""
    with pytest.raises(BrokerError, match="MalformedToken"):
        verify_token(token("orders"), key_name=NAME, key=KEY, now_s=0)
