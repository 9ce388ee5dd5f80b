"""Calls to this machine do not go to a proxy."""

from local.host.loopback import exempt_loopback

LOOPBACK = "127.0.0.1,localhost,::1"


def test_this_machine_is_exempt_from_proxies():
    """Under both spellings of the variable, whether or not it was there."""
    environment: dict[str, str] = {}
    exempt_loopback(environment)

    assert environment == {"no_proxy": LOOPBACK, "NO_PROXY": LOOPBACK}


def test_other_exemptions_are_kept():
    """What the developer listed stays first and is listed once."""
    environment = {"no_proxy": "intra.example,localhost"}
    exempt_loopback(environment)

    assert environment["no_proxy"] == "intra.example,localhost,127.0.0.1,::1"
