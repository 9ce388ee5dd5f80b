"""What enhanced security means for people: the PIN, and the bill for deleted data."""

from domain.checks.catalog import SECURITY_PIN, SOFT_DELETE_DAYS
from domain.findings import Fact, Finding, Verdict
from domain.security import Protection, SettingState

LEAST_SOFT_DELETE_DAYS = 14
"""What an upgraded vault keeps deleted data of agents for (vault-upgrade 1.7)."""


PIN_OPERATIONS = (
    "stopping protection and deleting its data, deleting recovery points, changing the passphrase,"
    " and reducing retention"
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
