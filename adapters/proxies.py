"""The proxy of the environment, for requests that leave this machine.

aiohttp could look for itself, but would do two things more: send what is meant for this very
machine through the proxy, tokens included, and read ``~/.netrc``, whose entry for any host then
contradicts the token of a request, or is sent in place of one.
"""

from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from adapters.clouds import is_loopback


def proxy_options(url: str) -> dict[str, Any]:
    """What a transport is to be told of the proxy for a URL: ``proxy``, or nothing."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy is None or is_loopback(url) or proxy_bypass(parts.netloc):
        return {}
    # "proxy.example:8080" is how many write it, and no URL.
    return {"proxy": proxy if "://" in proxy else f"http://{proxy}"}
