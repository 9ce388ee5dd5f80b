"""Whether enhanced security and soft delete are on (audit-checks SEC-01, SEC-04, SEC-15)."""

from dataclasses import replace

from domain import security
from domain.checks.catalog import ENHANCED_SECURITY, SOFT_DELETE, Check
from domain.codec import JsonObject
from domain.findings import Finding, Verdict
from domain.readings import Attempt, FailedRead, unread
from domain.security import Protection, Setting, setting_state
from domain.vaults import Reading

# That an upgrade turns enhanced security on by itself is documented (vault-upgrade 1.7).
_TURN_ON = {
    ENHANCED_SECURITY.id: (
        "Turn enhanced security on in the vault's security settings: an upgrade turns it on by"
        " itself, so somebody has turned it off since."
    ),
    SOFT_DELETE.id: "Turn soft delete on in the vault's security settings.",
}

_MEANING = {
    Protection.ON: (Verdict.PASS, "is on"),
    Protection.ALWAYS_ON: (Verdict.PASS, "is on for good"),
    Protection.OFF: (Verdict.FAIL, "is off"),
    Protection.UNKNOWN: (Verdict.UNKNOWN, "is not told by any source"),
}


def _finding(
    check: Check,
    setting: Setting,
    vaults: tuple[Reading[JsonObject], ...],
    config: Reading[JsonObject] | None,
    vault: str,
) -> Finding:
    state = setting_state(security.facts_about(setting, vaults, config))
    verdict, text = _MEANING[state.protection]
    if state.is_contradicted:
        told = ", ".join(str(one.value) for one in state.facts if one.value)
        text = f"is told differently by its sources: {told}"
    return Finding(
        check_id=check.id,
        verdict=verdict,
        subject=vault,
        message=f"{setting.name} {text}",
        what_to_do=_TURN_ON[check.id] if verdict is Verdict.FAIL else "",
        facts=state.facts,
    )


def check(
    document: Attempt[JsonObject],
    config: Attempt[JsonObject],
    *,
    vault: str,
    listed: Reading[JsonObject] | None = None,
) -> tuple[Finding, ...]:
    """One finding for enhanced security and one for soft delete.

    Args:
        document: The vault as read from its own address.
        config: Its ``backupconfig/vaultconfig``.
        vault: The vault's name.
        listed: The vault as a list of vaults has it, where one was read.
    """
    readings = tuple(one for one in (document, listed) if isinstance(one, Reading))
    usable_config = config if isinstance(config, Reading) else None
    # One source that could be read is enough to judge by; its silence is then told as such.
    if isinstance(document, FailedRead) and not readings and usable_config is None:
        return tuple(
            unread(check.id, vault, document) for check in (ENHANCED_SECURITY, SOFT_DELETE)
        )
    soft_delete = _finding(SOFT_DELETE, security.SOFT_DELETE, readings, usable_config, vault)
    days = security.facts_about(security.SOFT_DELETE_DAYS, readings, usable_config)
    return (
        _finding(ENHANCED_SECURITY, security.ENHANCED_SECURITY, readings, usable_config, vault),
        replace(soft_delete, facts=soft_delete.facts + days),
    )
