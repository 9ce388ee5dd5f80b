"""Tokens: who gets one, and which are good."""

import json
from urllib.parse import urlencode

import pytest

from local.azure.tokens import EXPIRED, INVALID, MISSING, Tokens
from tests.unit.simulated_azure.harness import error_of, native, open_client, parse_xml

IDENTITY = open_client(native()).service.state.identity
FORM = {
    "grant_type": "client_credentials",
    "client_id": IDENTITY.client_id,
    "client_secret": IDENTITY.client_secret,
    "scope": "http://127.0.0.1:1/.default",
}


def ask(client, tenant=IDENTITY.tenant_id, **form):
    """Asks for a token."""
    body = urlencode(FORM | form).encode()
    return client.send("POST", f"/{tenant}/oauth2/v2.0/token", body=body).answer


def test_a_token_that_was_given_lets_its_bearer_in():
    """From the endpoint to an answer."""
    client = open_client(native())
    token = json.loads(ask(client).body)
    client.authorization = f"Bearer {token['access_token']}"

    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3599)
    assert client.arm("GET").status == 200


@pytest.mark.parametrize(
    ("form", "tenant", "expected"),
    [
        ({"client_secret": "wrong"}, None, (401, "invalid_client")),
        ({"client_id": "wrong"}, None, (400, "unauthorized_client")),
        ({"grant_type": "password"}, None, (400, "unsupported_grant_type")),
        ({"scope": "everything"}, None, (400, "invalid_scope")),
        ({}, "other-tenant", (400, "invalid_request")),
    ],
)
def test_a_wrong_request_gets_no_token(form, tenant, expected):
    """Every member is checked, with the directory's own errors."""
    answer = ask(open_client(native()), tenant or IDENTITY.tenant_id, **form)

    assert expected == (answer.status, json.loads(answer.body)["error"])


@pytest.mark.parametrize(
    ("authorization", "problem"),
    [(None, MISSING), ("", MISSING), ("Bearer foreign", INVALID), ("Basic abc", INVALID)],
)
def test_other_tokens_are_not_taken(authorization, problem):
    """Missing and foreign ones are told apart."""
    assert Tokens(IDENTITY).problem(authorization) is problem


def test_a_token_expires_by_the_wall_clock():
    """Not by virtual time."""
    now = [1000.0]
    tokens = Tokens(IDENTITY, lifetime_s=60, real_time=lambda: now[0])
    authorization = f"Bearer {tokens.issue()}"

    assert tokens.problem(authorization) is None

    now[0] += 60

    assert tokens.problem(authorization) is EXPIRED


def test_an_expired_token_is_refused_by_arm_with_a_challenge():
    """401 and where to get another."""
    client = open_client(native())
    client.service.tokens.expire(client.authorization)

    answer = client.arm("GET")

    assert error_of(answer) == (401, "ExpiredAuthenticationToken")
    assert "ExpiredAuthenticationToken" in answer.headers["WWW-Authenticate"]


def test_the_classic_api_refuses_in_xml():
    """The same refusal in its own form."""
    client = open_client({"name": "v1"})
    client.authorization = ""

    answer = client.classic("POST", "upgrade").answer

    assert answer.status == 401
    assert parse_xml(answer.body)[0].text == "AuthenticationFailed"
    assert client.vault.starts_received == 0
