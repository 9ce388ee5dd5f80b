"""Enhanced security and soft delete, as several places of the service tell of them.

The list of vaults may leave the settings out, and old API versions know none of them
(audit-checks D9, recovery-services 2.3), so each source may be silent. Sources that contradict
each other leave the answer unknown (SEC-15). Words are compared without case: the service writes
``AlwaysON`` where its documents say AlwaysOn (audit-checks D2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.codec import JsonObject
from domain.documents import Path
from domain.findings import Fact
from domain.readings import fact
from domain.vaults import Reading


class Protection(StrEnum):
    """State of a safeguard."""

    ON = "on"
    ALWAYS_ON = "always_on"
    """On, and cannot be turned off any more."""
    OFF = "off"
    UNKNOWN = "unknown"
    """No source says, or two sources contradict each other."""


_WORDS = {
    "enabled": Protection.ON,
    "alwayson": Protection.ALWAYS_ON,
    "disabled": Protection.OFF,
}

_SETTINGS: Path = ("properties", "securitySettings", "softDeleteSettings")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting and the places it is told of. Never one setting read for another (D1)."""

    name: str
    in_vault: Path
    """Where the vault's own document has it."""
    in_config: Path
    """Where ``backupconfig/vaultconfig`` has it."""


ENHANCED_SECURITY = Setting(
    name="enhanced security",
    in_vault=(*_SETTINGS, "enhancedSecurityState"),
    in_config=("properties", "enhancedSecurityState"),
)
SOFT_DELETE = Setting(
    name="soft delete",
    in_vault=(*_SETTINGS, "softDeleteState"),
    in_config=("properties", "softDeleteFeatureState"),
)
SOFT_DELETE_DAYS = Setting(
    name="soft-delete retention",
    in_vault=(*_SETTINGS, "softDeleteRetentionPeriodInDays"),
    in_config=("properties", "softDeleteRetentionPeriodInDays"),
)


@dataclass(frozen=True, kw_only=True)
class SettingState:
    """What the sources together say about one setting."""

    protection: Protection
    is_contradicted: bool
    """Two sources say different things."""
    facts: tuple[Fact, ...]
    """The field as each source has it, silent ones included."""


def facts_about(
    setting: Setting,
    vaults: Iterable[Reading[JsonObject]],
    config: Reading[JsonObject] | None,
) -> tuple[Fact, ...]:
    """The setting as each source has it.

    Args:
        setting: What is asked.
        vaults: Documents of the vault: from its own address, from a list.
        config: The vault's ``vaultconfig``, where it could be read.
    """
    # Silent sources are told, too: that a place said nothing is evidence a person may want to see.
    told = [fact(one.value, setting.in_vault, one.provenance) for one in vaults]
    if config is not None:
        told.append(fact(config.value, setting.in_config, config.provenance))
    return tuple(told)


def protection_word(text: str | None) -> Protection | None:
    """What one source's word means; None where it says nothing (absent, ``Invalid``)."""
    return _WORDS.get((text or "").strip().casefold())


def setting_state(facts: tuple[Fact, ...]) -> SettingState:
    """What several sources say together."""
    # Silent sources take nothing away; old API versions know none of these members.
    said = {word for one in facts if (word := protection_word(one.value)) is not None}
    # A source of an older version knows Enabled only; AlwaysON then says the same and more.
    if said == {Protection.ON, Protection.ALWAYS_ON}:
        said = {Protection.ALWAYS_ON}
    return SettingState(
        protection=said.pop() if len(said) == 1 else Protection.UNKNOWN,
        is_contradicted=len(said) > 1,
        facts=facts,
    )
