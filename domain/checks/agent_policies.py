"""Retention of agent policies against what enhanced security asks, and what that security costs.

The article: an old agent with a retention below the minimum cannot change its policy any more.
"""

from domain.checks.catalog import RETENTION_MINIMUM, SECURITY_PIN, SOFT_DELETE_DAYS
from domain.codec import JsonObject
from domain.findings import Fact, Finding, Verdict
from domain.policies import parse_policy
from domain.readings import Attempt, FailedRead, unread
from domain.retention import MINIMUMS, retentions, shortfalls
from domain.security import Protection, SettingState
from domain.vaults import Provenance

HYBRID = frozenset({"mab", "dpm", "azurebackupserver"})
"""Kinds of policies the minimums are for (recovery-services 7)."""

LEAST_SOFT_DELETE_DAYS = 14
"""What an upgraded vault keeps deleted data of agents for (vault-upgrade 1.7)."""


PIN_OPERATIONS = (
    "stopping protection and deleting its data, deleting recovery points, changing the passphrase,"
    " and reducing retention"
)


def _judge(document: JsonObject) -> tuple[Verdict, str, str]:
    # Each schedule by its own floor; one that is missing has nothing to keep.
    short = shortfalls(document)
    if short:
        told = "; ".join(f"{one.schedule} {one.duration}" for one in short)
        needed = ", ".join(str(MINIMUMS[one.schedule]) for one in short)
        to_do = (
            f"Raise the retention at the agent to at least {needed}: below that, enhanced security"
            " refuses every change of the policy."
        )
        return Verdict.FAIL, f"keeps less than the minimum: {told}", to_do
    unclear = [one.schedule for one in retentions(document) if one.duration is None]
    if unclear:
        return Verdict.UNKNOWN, f"retention not readable: {', '.join(unclear)}", ""
    return Verdict.PASS, "keeps at least the minimum", ""


def _finding(document: JsonObject, provenance: Provenance) -> Finding:
    verdict, message, to_do = _judge(document)
    facts = tuple(
        Fact(
            field=one.path,
            value=str(one.duration) if one.duration else None,
            provenance=provenance,
        )
        for one in retentions(document)
    )
    return Finding(
        check_id=RETENTION_MINIMUM.id,
        verdict=verdict,
        subject=parse_policy(document).name,
        message=message,
        what_to_do=to_do,
        facts=facts,
    )


def check(policies: Attempt[tuple[JsonObject, ...]], *, vault: str) -> tuple[Finding, ...]:
    """One finding per policy of MARS, DPM and Azure Backup Server.

    Args:
        policies: The vault's policies, raw.
        vault: The vault's name, for what is not about one policy.
    """
    if isinstance(policies, FailedRead):
        return (unread(RETENTION_MINIMUM.id, vault, policies),)
    return tuple(
        _finding(one, policies.provenance)
        for one in policies.value
        if parse_policy(one).management_type.casefold() in HYBRID
    )


def check_cost(state: SettingState, *, vault: str) -> Finding:
    """What enhanced security means for people: the PIN, and the bill for deleted data.

    Args:
        state: What the sources say about enhanced security.
        vault: The vault's name.
    """
    meanings = {
        Protection.OFF: (
            Verdict.NOT_APPLICABLE,
            "enhanced security is off: nothing asks for a PIN",
        ),
        Protection.UNKNOWN: (Verdict.UNKNOWN, "nobody says whether operations ask for a PIN"),
    }
    on = (
        f"a security PIN, valid 5 minutes, is now needed for {PIN_OPERATIONS}; backups of agents"
        " that are deleted are kept 14 days more and billed"
    )
    verdict, message = meanings.get(state.protection, (Verdict.PASS, on))
    return Finding(
        check_id=SECURITY_PIN.id,
        verdict=verdict,
        subject=vault,
        message=message,
        facts=state.facts,
    )


def _judge_days(said: set[str]) -> tuple[Verdict, str, str]:
    if not said:
        # Old versions of the service never say, and keep deleted data 14 days all the same.
        text = "no source says how long; 14 days is the default"
        return Verdict.NOT_APPLICABLE, text, ""
    days = {int(one) for one in said if one.isdecimal()}
    if len(said) > 1 or not days:
        return Verdict.UNKNOWN, "is told differently by its sources", ""
    kept = days.pop()
    text = f"deleted data is kept {kept} days"
    if kept < LEAST_SOFT_DELETE_DAYS:
        return Verdict.FAIL, text, "Keep deleted data for at least 14 days."
    return Verdict.PASS, text, ""


def check_days(facts: tuple[Fact, ...], *, vault: str) -> Finding:
    """How long deleted data is kept, by every source that says.

    Args:
        facts: ``softDeleteRetentionPeriodInDays`` as each source has it.
        vault: The vault's name.
    """
    # As text: a value that is no number must show as a contradiction, not as silence.
    verdict, message, to_do = _judge_days({one.value for one in facts if one.value})
    return Finding(
        check_id=SOFT_DELETE_DAYS.id,
        verdict=verdict,
        subject=vault,
        message=message,
        what_to_do=to_do,
        facts=facts,
    )
