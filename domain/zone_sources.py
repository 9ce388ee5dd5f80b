"""Which time zone a vault's policies are expected to name, and who says so.

Asked in this order: the request, the vault's tag, the estate map. The first that answers decides; a
wrong answer is told and not passed over, and no answer is a decision for a person (DESIGN rule 6).
"""

from dataclasses import dataclass

from domain.codec import JsonObject
from domain.estate_map import ZoneRule
from domain.time_zones import require_zone
from domain.vaults import VaultRef

ZONE_TAG = "vaultlift-time-zone"
"""Tag of a vault that names the zone of its policies; tag names are compared without case."""


@dataclass(frozen=True, kw_only=True)
class ExpectedZone:
    """The expected zone and where it comes from."""

    zone: str | None
    """Canonical Windows id; None: nobody says, or what was said cannot be used."""
    source: str
    """Who says so, for people: ``the request``, ``the tag ...``, ``rule 2 of the estate map``."""
    problem: str = ""
    """Why what was said cannot be used."""


def _tag(vault: JsonObject) -> str | None:
    tags = vault.get("tags")
    if not isinstance(tags, dict):
        return None
    # Azure compares tag names without case and keeps the spelling of whoever wrote it.
    folded = {str(name).casefold(): value for name, value in tags.items()}
    value = folded.get(ZONE_TAG)
    return value.strip() if isinstance(value, str) and value.strip() else None


def expected_zone(
    requested: str | None, ref: VaultRef, vault: JsonObject, rules: tuple[ZoneRule, ...] = ()
) -> ExpectedZone:
    """The zone the vault's policies should name.

    Args:
        requested: Canonical Windows id of the request, or None.
        ref: The vault.
        vault: Its document as read from ARM, for tags and location.
        rules: The estate map's rules, in order.
    """
    # Whoever asks now knows better than a tag of last year.
    if requested is not None:
        return ExpectedZone(zone=requested, source="the request")
    tag = _tag(vault)
    if tag is not None:
        source = f"the tag {ZONE_TAG}"
        try:
            return ExpectedZone(zone=require_zone(tag), source=source)
        except ValueError as error:
            # Falling back to the map would hide the mistake and might write another zone.
            return ExpectedZone(zone=None, source=source, problem=str(error))
    return _by_rules(ref, str(vault.get("location") or ""), rules)


def _by_rules(ref: VaultRef, region: str, rules: tuple[ZoneRule, ...]) -> ExpectedZone:
    # The first that fits, by its number: people look for the rule they have to correct.
    for number, rule in enumerate(rules, start=1):
        if rule.fits(ref, region):
            return ExpectedZone(zone=rule.time_zone, source=f"rule {number} of the estate map")
    return ExpectedZone(zone=None, source="nobody")
