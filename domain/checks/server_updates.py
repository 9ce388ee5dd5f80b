"""Whether DPM and Azure Backup Servers are new enough, and no update waits for them (AGT-03)."""

from domain.agents import parse_engine
from domain.backup_servers import BackupServer, Standing, parse_server
from domain.checks.catalog import SERVER_UPDATE
from domain.codec import JsonObject
from domain.findings import Finding, Verdict
from domain.readings import Attempt, FailedRead, fact, unread

_UPDATE_MEMBERS = ("dpmVersion", "isDpmUpgradeAvailable", "isAzureBackupAgentUpgradeAvailable")


# What the least release is the least for: the security features (vault-upgrade 1.7).
_NEEDED = "before it, the server does not know the PIN and the minimum retention of security."


def _update(server: BackupServer) -> tuple[Verdict, str, str]:
    version = server.raw_version or "of an unknown version"
    # What is certain comes first: a server that is too old stays so whatever is offered to it, and
    # an offer is told before anything that nobody knows.
    if server.standing is Standing.BELOW:
        text = f"server {version} is older than {server.release}"
        to_do = f"Install {server.release} or later on {server.name}: {_NEEDED}"
        return Verdict.FAIL, text, to_do
    if server.has_update:
        to_do = f"Install the update the service offers on {server.name}."
        return Verdict.FAIL, f"server {version}; the service offers an update", to_do
    if server.standing is Standing.UNKNOWN:
        least = f"; it needs {server.release}" if server.release else ""
        return Verdict.UNKNOWN, f"server {version}: nobody says whether it is new enough{least}", ""
    if server.has_update is None:
        return Verdict.UNKNOWN, f"server {version}: nobody says whether an update is waiting", ""
    return Verdict.PASS, f"server {version}; no update is waiting", ""


def check(engines: Attempt[tuple[JsonObject, ...]], *, vault: str) -> tuple[Finding, ...]:
    """One finding per DPM and Azure Backup Server: is it new enough, does an update wait for it.

    Args:
        engines: The backup servers, raw.
        vault: The vault's name, for what is not about one server.
    """
    if isinstance(engines, FailedRead):
        return (unread(SERVER_UPDATE.id, vault, engines),)
    findings = []
    for engine in engines.value:
        server = parse_server(engine, parse_engine(engine).name)
        verdict, message, to_do = _update(server)
        findings.append(
            Finding(
                check_id=SERVER_UPDATE.id,
                verdict=verdict,
                subject=server.name,
                message=message,
                what_to_do=to_do,
                facts=tuple(
                    fact(engine, ("properties", member), engines.provenance)
                    for member in _UPDATE_MEMBERS
                ),
            )
        )
    return tuple(findings)
