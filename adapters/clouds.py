"""Where each Azure cloud lives, and for whom its tokens are issued.

Sources: facts recovery-services 0 (ARM endpoints and scopes), 6.1 (Log Analytics),
vault-upgrade 2.0 (classic endpoint). The scope of ARM in Azure Government is not its host.
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class CloudName(StrEnum):
    """The clouds an installation can be set to."""

    PUBLIC = "AzureCloud"
    US_GOVERNMENT = "AzureUSGovernment"
    CHINA = "AzureChinaCloud"
    CUSTOM = "custom"


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of a cloud."""

    endpoint: str
    """``https://host[:port]`` without a path or a slash at the end."""
    scope: str
    """What a token is asked for."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """The services of one cloud that vaultlift calls."""

    name: CloudName
    classic: Service
    arm: Service
    logs: Service
    authority: str | None
    """Host that signs people and identities in; None where a token URL is configured."""
    blob_suffixes: tuple[str, ...] = ()
    """What hosts of blob accounts end with; empty: any host, each its own audience."""


def _service(endpoint: str, audience: str | None = None) -> Service:
    return Service(endpoint=endpoint, scope=f"{audience or endpoint}/.default")


_PUBLIC = Cloud(
    name=CloudName.PUBLIC,
    # The double slash belongs there: the classic audience itself ends with a slash.
    classic=_service("https://management.core.windows.net", "https://management.core.windows.net/"),
    arm=_service("https://management.azure.com"),
    logs=_service("https://api.loganalytics.io"),
    authority="login.microsoftonline.com",
    # The second one: accounts with DNS zone endpoints, which only the public cloud has.
    blob_suffixes=(".blob.core.windows.net", ".blob.storage.azure.net"),
)
_US_GOVERNMENT = Cloud(
    name=CloudName.US_GOVERNMENT,
    classic=_service(
        "https://management.core.usgovcloudapi.net", "https://management.core.usgovcloudapi.net/"
    ),
    arm=_service(
        "https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"
    ),
    logs=_service("https://api.loganalytics.us"),
    authority="login.microsoftonline.us",
    blob_suffixes=(".blob.core.usgovcloudapi.net",),
)
_CHINA = Cloud(
    name=CloudName.CHINA,
    classic=_service(
        "https://management.core.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/"
    ),
    arm=_service("https://management.chinacloudapi.cn"),
    logs=_service("https://api.loganalytics.azure.cn"),
    authority="login.chinacloudapi.cn",
    blob_suffixes=(".blob.core.chinacloudapi.cn",),
)
KNOWN_CLOUDS = {cloud.name: cloud for cloud in (_PUBLIC, _US_GOVERNMENT, _CHINA)}
"""Microsoft's clouds by name."""


def custom_cloud(*, classic: str, arm: str, logs: str) -> Cloud:
    """A cloud whose endpoints are settings; each endpoint is its own audience."""
    return Cloud(
        name=CloudName.CUSTOM,
        # Only the origin: a path or a slash at the end would become part of every request.
        classic=_service(origin(classic)),
        arm=_service(origin(arm)),
        logs=_service(origin(logs)),
        authority=None,
    )


def origin(url: str) -> str:
    """Scheme, host and port of a URL, in lower case and without the scheme's own port.

    Raises:
        ValueError: The text is not an http or https URL with a host, or it holds a password.
    """
    parts = urlsplit(url)
    if parts.username is not None:
        # Not repeated: it would be printed. And it would contradict the token of a request.
        raise ValueError("a URL with a user name in it")
    # "localhost:8080" has the scheme localhost to urlsplit, and no host at all.
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"not an http or https URL: {url!r}")
    # urlsplit takes the brackets of an IPv6 address off.
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    standard = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in {None, standard} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this very machine; a name other than localhost is not."""
    host = urlsplit(url).hostname or ""
    # By name only this one: any other name is resolved by someone else's server.
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_carry_secrets(url: str) -> bool:
    """Whether a token or a client secret may be sent there: over TLS, or not off the machine."""
    return urlsplit(url).scheme == "https" or is_loopback(url)
