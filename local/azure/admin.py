"""``/admin``: faults, journal, state, clock and reset, for tests and for whoever watches a run."""

import json
from datetime import timedelta
from typing import Any, Protocol

from adapters.ports import Clock
from domain.codec import JsonObject
from local.azure import upgrades
from local.azure.clocks import MovableClock
from local.azure.exchange import Answer, Request, json_answer
from local.azure.faults import Faults, parse_rules
from local.azure.journal import Journal
from local.azure.model import Vault
from local.azure.moments import format_moment, format_ticks, ticks_of
from local.azure.state import State


class Controlled(Protocol):
    """What is looked at and steered from outside."""

    clock: Clock
    state: State
    faults: Faults
    journal: Journal

    def reset(self) -> None:
        """Starts afresh."""
        ...


def handle(azure: Controlled, request: Request) -> Answer:
    """Answers one request below ``/admin``."""
    path = request.raw_path.rstrip("/").removeprefix("/admin/")
    operation = _OPERATIONS.get((request.method, path))
    if operation is None:
        known = [f"{method} /admin/{name}" for method, name in _OPERATIONS]
        return _error(404, "UnknownAdminOperation", f"Known here: {', '.join(known)}.")
    try:
        return operation(azure, request)
    except ValueError as error:
        return _error(400, "InvalidAdminRequest", str(error))


def _error(status: int, code: str, message: str) -> Answer:
    return json_answer({"error": {"code": code, "message": message}}, status=status)


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body or b"{}")
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the body is not JSON: {error}") from error


def _object(request: Request) -> JsonObject:
    body = _body(request)
    if not isinstance(body, dict):
        raise ValueError("the body is not a JSON object")  # noqa: TRY004 - all bad bodies are alike
    return body


def _list_faults(azure: Controlled, _request: Request) -> Answer:
    return json_answer({"faults": azure.faults.listing()})


def _add_faults(azure: Controlled, request: Request) -> Answer:
    # All are read before the first is added: half a plan would be worse than none.
    for rule in parse_rules(_body(request)):
        azure.faults.add(rule)
    return json_answer({"faults": azure.faults.listing()}, status=201)


def _clear_faults(azure: Controlled, _request: Request) -> Answer:
    azure.faults.clear()
    return json_answer({"faults": []})


def _calls(azure: Controlled, _request: Request) -> Answer:
    return json_answer({"counts": azure.journal.counts(), "writes": azure.journal.write_log()})


def _refused(azure: Controlled, _request: Request) -> Answer:
    return json_answer({"refused": azure.journal.refused_log()})


def _estate(azure: Controlled, request: Request) -> Answer:
    wanted = request.query.get("vault", "").lower()
    vaults = [v for v in azure.state.vaults if wanted in ("", v.name.lower())]
    return json_answer(
        {
            "now": format_moment(azure.clock.now()),
            "openedAt": format_moment(azure.state.opened_at),
            "subscriptions": list(azure.state.subscription_ids()),
            "workspaces": list(azure.state.workspaces),
            # Counted where upgrades begin. The journal counts calls, and a start that was refused
            # is one.
            "upgradesStarted": sum(vault.starts_received for vault in azure.state.vaults),
            "vaults": [_vault(azure, vault) for vault in vaults],
        }
    )


def _vault(azure: Controlled, vault: Vault) -> JsonObject:
    now = azure.clock.now()
    record = vault.record
    return {
        "subscriptionId": vault.subscription_id,
        "name": vault.name,
        "region": vault.region,
        "vaultType": vault.vault_type,
        "isClassic": vault.classic is not None,
        "scenario": vault.scenario,
        "expectedEnd": vault.expected_end,
        "armId": vault.arm_id,
        "provisioningState": upgrades.provisioning_state(vault, now) if vault.arm_id else None,
        "upgradesStarted": vault.starts_received,
        "operationIds": [one.operation_id for one in vault.records],
        "status": record.status(ticks_of(now)).value if record else None,
        "startedAt": format_ticks(record.started) if record else None,
        "endsAt": format_ticks(record.ended) if record and record.ended else None,
        "policyEdits": len(vault.policy_edits),
    }


def _policies(azure: Controlled, request: Request) -> Answer:
    """Every document every policy ever had, oldest first: what was changed, and by whom."""
    wanted = request.query.get("vault", "").lower()
    rows = [
        {
            "vault": vault.name,
            "policy": policy.name,
            "versions": [
                {
                    "effectiveAt": format_moment(version.effective_at),
                    "isForeign": version.is_foreign,
                    "properties": version.properties,
                }
                for version in policy.versions
            ],
        }
        for vault in azure.state.vaults
        if wanted in ("", vault.name.lower())
        for policy in vault.contents.policies.values()
    ]
    return json_answer({"policies": rows})


def _grant(azure: Controlled, request: Request) -> Answer:
    """The owner of the Resource Guard agrees, or takes it back."""
    body = _object(request)
    name = str(body.get("vault", "")).lower()
    found = [vault for vault in azure.state.vaults if vault.name.lower() == name]
    if not found:
        return _error(404, "NoSuchVault", f"There is no vault {name!r} in the estate.")
    # A name may stand in several subscriptions, and the body has no more than the name.
    for vault in found:
        vault.is_guard_granted = body.get("granted", True) is True
    return json_answer({"vault": name, "granted": found[0].is_guard_granted})


def _read_clock(azure: Controlled, _request: Request) -> Answer:
    is_movable = isinstance(azure.clock, MovableClock)
    return json_answer({"now": format_moment(azure.clock.now()), "isMovable": is_movable})


def _move_clock(azure: Controlled, request: Request) -> Answer:
    clock = azure.clock
    if not isinstance(clock, MovableClock):
        # Every process computes the scaled clock for itself; one that jumps would disagree.
        return _error(409, "ClockIsScaled", "The clock follows --clock-rate and cannot be moved.")
    seconds: Any = _object(request).get("advanceSeconds")
    # To Python, true is a number; here it is a mistake that would move the clock by a second.
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number:
        return _error(400, "InvalidAdminRequest", "advanceSeconds must be a number of seconds")
    clock.advance(timedelta(seconds=seconds))
    return _read_clock(azure, request)


def _reset(azure: Controlled, _request: Request) -> Answer:
    azure.reset()
    return json_answer({"openedAt": format_moment(azure.state.opened_at)})


_OPERATIONS = {
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "calls"): _calls,
    ("GET", "refused"): _refused,
    ("GET", "estate"): _estate,
    ("GET", "policies"): _policies,
    ("POST", "guard"): _grant,
    ("GET", "clock"): _read_clock,
    ("POST", "clock"): _move_clock,
    ("POST", "reset"): _reset,
}
