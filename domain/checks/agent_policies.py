"""Retention of agent policies against what enhanced security asks.

The article: an old agent with a retention below the minimum cannot change its policy any more.
"""

from domain.checks.catalog import RETENTION_MINIMUM
from domain.codec import JsonObject
from domain.findings import Fact, Finding, Verdict
from domain.policies import parse_policy
from domain.readings import Attempt, FailedRead, unread
from domain.retention import MINIMUMS, retentions, shortfalls
from domain.vaults import Provenance

HYBRID = frozenset({"mab", "dpm", "azurebackupserver"})
"""Kinds of policies the minimums are for (recovery-services 7)."""


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
        # Policies of machines in Azure have a floor of their own (recovery-services 7).
        if parse_policy(one).management_type.casefold() in HYBRID
    )
