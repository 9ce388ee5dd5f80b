"""Endpoints and scopes of the clouds."""

import pytest

from adapters.clouds import (
    KNOWN_CLOUDS,
    CloudName,
    custom_cloud,
    is_loopback,
    may_carry_secrets,
    origin,
)


def test_the_government_arm_scope_is_not_its_host() -> None:
    """Azure Government issues ARM tokens for the classic host's name."""
    arm = KNOWN_CLOUDS[CloudName.US_GOVERNMENT].arm

    assert "https://management.usgovcloudapi.net" == arm.endpoint
    assert "https://management.core.usgovcloudapi.net/.default" == arm.scope


@pytest.mark.parametrize(
    ("name", "classic", "logs"),
    [
        (
            CloudName.PUBLIC,
            "https://management.core.windows.net",
            "https://api.loganalytics.io",
        ),
        (
            CloudName.US_GOVERNMENT,
            "https://management.core.usgovcloudapi.net",
            "https://api.loganalytics.us",
        ),
        (
            CloudName.CHINA,
            "https://management.core.chinacloudapi.cn",
            "https://api.loganalytics.azure.cn",
        ),
    ],
)
def test_each_cloud_has_its_own_hosts(name: CloudName, classic: str, logs: str) -> None:
    """Classic API and Log Analytics are where the fact sheets say."""
    cloud = KNOWN_CLOUDS[name]

    assert (classic, logs) == (cloud.classic.endpoint, cloud.logs.endpoint)


def test_every_public_endpoint_is_https() -> None:
    """No known cloud is spoken to without TLS."""
    endpoints = [
        service.endpoint
        for cloud in KNOWN_CLOUDS.values()
        for service in (cloud.classic, cloud.arm, cloud.logs)
    ]

    assert all(endpoint.startswith("https://") for endpoint in endpoints)


def test_a_custom_endpoint_is_its_own_audience() -> None:
    """Tokens for a custom cloud are asked for by endpoint."""
    cloud = custom_cloud(classic="http://[::1]:1/x", arm="https://A:443/", logs="http://b:3")

    assert ("http://[::1]:1", "https://a") == (cloud.classic.endpoint, cloud.arm.endpoint)
    assert "http://b:3/.default" == cloud.logs.scope


@pytest.mark.parametrize("text", ["", "ftp://x", "management.azure.com", "https://"])
def test_what_is_no_web_address_has_no_origin(text: str) -> None:
    """Only http and https URLs with a host are endpoints."""
    with pytest.raises(ValueError, match="not an http or https URL"):
        origin(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:80", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, *, expected: bool) -> None:
    """Names that merely look like loopback are not."""
    assert expected == is_loopback(url)
    assert expected == may_carry_secrets(url)
