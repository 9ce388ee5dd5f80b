"""Keeps what talks to this very machine away from a proxy."""

from collections.abc import MutableMapping

# gRPC reads only the lower-case name, some libraries only the other.
_NAMES = ("no_proxy", "NO_PROXY")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def exempt_loopback(environment: MutableMapping[str, str]) -> None:
    """Adds this machine to the hosts that are reached directly.

    The app's durable client and this host reach the engine at 127.0.0.1. A developer's
    ``http_proxy`` would catch these calls, gRPC's too, and no proxy can reach that address.
    """
    for name in _NAMES:
        listed = [one for one in environment.get(name, "").split(",") if one]
        missing = [one for one in _LOOPBACK if one not in listed]
        environment[name] = ",".join([*listed, *missing])
