"""Names and ids that the services derive, and stable ids made up where they would be random.

Everything here is a pure function of its arguments, so that the same estate has the same ids in
every process and after every reset.
"""

import base64
import hashlib
import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://vaultlift.invalid/simulated-azure")
_NUMBER_BITS = 62
"""The recorded ResourceId values are 63-bit signed numbers; one bit less never overflows."""


def cloud_service_name(subscription_id: str, region: str) -> str:
    """The name of the cloud service that holds a region's classic vaults (vault-upgrade 2.0).

    Args:
        subscription_id: Dashed GUID; case does not matter.
        region: Display name of the region, such as ``West US``.
    """
    digest = hashlib.sha256(subscription_id.lower().encode()).digest()
    # Without padding, as in every recorded name: 52 characters.
    coded = base64.b32encode(digest).decode().rstrip("=")
    return f"RecoveryServices-{coded}-{region.replace(' ', '-')}"


def location_of(region: str) -> str:
    """The ARM location of a region's display name: ``West US`` is ``westus``."""
    return region.replace(" ", "").lower()


def default_group(region: str) -> str:
    """The group a forced upgrade puts its vault in (vault-upgrade 1.7)."""
    return f"Default-RecoveryServices-ResourceGroup-{location_of(region)}"


def stable_guid(*parts: str) -> str:
    """A GUID that is the same for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts)))


def stable_number(*parts: str, bits: int = _NUMBER_BITS) -> int:
    """A number below two to the ``bits`` that is the same for the same parts."""
    digest = hashlib.sha256("|".join(parts).encode()).digest()
    return int.from_bytes(digest[:8]) >> (64 - bits)


def stable_fraction(*parts: str) -> float:
    """A number from 0 up to 1 that is the same for the same parts."""
    return stable_number(*parts, bits=32) / 2**32


def vault_id(subscription_id: str, resource_group: str, name: str) -> str:
    """The ARM id of a vault as ARM itself spells it (``vaults``)."""
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.RecoveryServices/vaults/{name}"
    )
