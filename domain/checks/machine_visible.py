"""Whether every registered machine shows in the vault."""

from collections.abc import Collection, Iterable

from domain.agents import parse_agent
from domain.checks.catalog import MACHINE_VISIBLE
from domain.codec import JsonObject
from domain.documents import integer_at, value_at
from domain.findings import Fact, Finding, Verdict
from domain.readings import Attempt, FailedRead, unread
from domain.vaults import Provenance

_AGENTS = "MAB"


_NEW_AGENT = (
    "Install the latest agent on {name}: a machine with an agent before 2.0.9083.0 does not show in"
    " an upgraded vault."
)


def _registered(counts: Iterable[JsonObject]) -> int | None:
    # One row per management type; MAB are the machines with an agent (recovery-services 3).
    rows = (row for row in counts if value_at(row, ("name", "value")) == _AGENTS)
    values = (integer_at(row, ("currentValue",)) for row in rows)
    return next((value for value in values if value is not None), None)


def _invisible(name: str, provenance: Provenance | None) -> Finding:
    return Finding(
        check_id=MACHINE_VISIBLE.id,
        verdict=Verdict.FAIL,
        subject=name,
        message="was registered to the vault before, and does not show in it now",
        what_to_do=_NEW_AGENT.format(name=name),
        facts=(Fact(field="machine", value=name, provenance=provenance),),
    )


def check(
    agents: Attempt[tuple[JsonObject, ...]],
    counts: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    known_before: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Machines that are registered and do not show: by name where known, else by number.

    Args:
        agents: The MARS containers the vault shows, raw.
        counts: The service's own counts of containers, raw.
        vault: The vault's name.
        known_before: Machines that were registered before the upgrade, or shown earlier.
    """
    if isinstance(agents, FailedRead):
        return (unread(MACHINE_VISIBLE.id, vault, agents),)
    shown = {parse_agent(one).name.casefold() for one in agents.value}
    named = _by_name(known_before, shown, agents.provenance)
    if isinstance(counts, FailedRead):
        return (*named, unread(MACHINE_VISIBLE.id, vault, counts))
    registered = _registered(counts.value)
    if registered is None and not shown:
        return named
    # Whoever is not there any more was unregistered where the count is met: nothing is hidden.
    if registered is not None and registered <= len(shown):
        named = ()
    return (*named, _by_number(registered, len(shown), len(named), vault, counts.provenance))


def _by_name(
    known_before: Iterable[str], shown: Collection[str], provenance: Provenance
) -> tuple[Finding, ...]:
    # One machine, however its name was written: the classic vault has it as the machine gave it,
    # Resource Manager in capitals.
    lost = {one.casefold(): one for one in sorted(known_before) if one.casefold() not in shown}
    return tuple(_invisible(lost[name], provenance) for name in sorted(lost))


def _by_number(
    registered: int | None, shown: int, named: int, vault: str, provenance: Provenance
) -> Finding:
    # The count has every machine, shown or not; the list only those with a new agent.
    nameless = 0 if registered is None else registered - shown - named
    evidence = Fact(
        field="BackupProtectionContainerCountSummary.MAB",
        value=None if registered is None else str(registered),
        provenance=provenance,
    )
    verdict, to_do = Verdict.PASS, ""
    message = f"all {shown} registered machines show"
    if registered is None:
        # The service gives no count: what shows may be all there is, or not.
        verdict, message = Verdict.NOT_APPLICABLE, f"{shown} machines show; no count to compare"
    elif nameless > 0:
        verdict = Verdict.FAIL
        message = f"{registered} machines are registered and {shown} show; {nameless} have no name"
        to_do = (
            f"Find the {nameless} machines that back up to {vault} and do not show (their owners"
            " know them), and install the latest agent on each."
        )
    elif registered > shown:
        message = f"{shown} of {registered} registered machines show; the others are named"
    return Finding(
        check_id=MACHINE_VISIBLE.id,
        verdict=verdict,
        subject=vault,
        message=message,
        what_to_do=to_do,
        facts=(evidence,),
    )
