"""Which requests go through a proxy, and through which."""

import pytest

from adapters.proxies import proxy_options

VAULTS = "https://management.azure.com/subscriptions"


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, VAULTS, {}),
        ({"https_proxy": "http://proxy.example:8080"}, VAULTS, "http://proxy.example:8080"),
        ({"https_proxy": "proxy.example:8080"}, VAULTS, "http://proxy.example:8080"),
        ({"http_proxy": "http://proxy.example:8080"}, VAULTS, {}),
        ({"https_proxy": "http://p", "no_proxy": "azure.com"}, VAULTS, {}),
        ({"https_proxy": "http://p", "no_proxy": "azure.cn"}, VAULTS, "http://p"),
        ({"http_proxy": "http://p"}, "http://127.0.0.1:8080/x", {}),
        ({"http_proxy": "http://p"}, "http://[::1]:8080/x", {}),
        ({"https_proxy": "http://p"}, "https://localhost/x", {}),
    ],
)
def test_the_environment_decides_for_other_machines(
    environment: dict[str, str],
    url: str,
    expected: str | dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By scheme and exception; this machine never needs one."""
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    wanted = {"proxy": expected} if isinstance(expected, str) else expected
    assert wanted == proxy_options(url)
