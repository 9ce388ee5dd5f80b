"""The plan of an upgrade, and answers to it."""

import dataclasses
import json
from typing import Any

import pytest
from pydantic import ValidationError

from domain.codec import from_json, to_json
from domain.lost_machine import LostMachine
from domain.plans import (
    Approval,
    UpgradePlan,
    build_plan,
    estimate,
    judge_approval,
    plan_hash,
)
from domain.prechecks import CheckReason, CheckResult, Gravity
from domain.requests import TimeZoneMode, UpgradeRequest
from domain.upgrade import PrerequisiteReason, Severity
from tests.unit.domain.builders import (
    NOW,
    SUBSCRIPTION,
    classic_vault,
    prerequisite_check,
    reason,
    upgrade_request,
)

BILLING = reason(Severity.WARNING, code="StorageBilling", message="storage-based billing")
OLD_RULE = reason(Severity.WARNING, code="Another", message="something else")


def plan_for(
    request: UpgradeRequest | None = None, *reasons: PrerequisiteReason, **changes: Any
) -> UpgradePlan:
    """The plan for a request and a check with these reasons."""
    return build_plan(
        request or upgrade_request(),
        classic_vault(),
        prerequisite_check(*reasons, **changes),
        operation_id="operation-9",
        before_images=("vaults/a/before.json",),
    )


def answer(plan: UpgradePlan, **changes: Any) -> Approval:
    """Bob's yes to a plan, with the given fields changed."""
    values = {
        "plan_hash": plan_hash(plan),
        "approver": "bob@example.org",
        "decision": "approve",
        "at": NOW.isoformat(),
    }
    return from_json(Approval, values | changes)


def test_the_start_is_the_one_final_call() -> None:
    """Its address is the classic one, with namespace and cloud service of the list."""
    finals = [one for one in plan_for().calls if one.is_final]
    service = f"/{SUBSCRIPTION}/cloudservices/RecoveryServices-HASH-West-US"
    path = f"{service}/resources/WABackup/~/BackupVault/vault-one/upgrade"

    assert [("POST", path)] == [(one.method, one.path) for one in finals]


def test_policies_are_written_only_when_a_zone_was_given() -> None:
    """Without a zone somebody decides later, and the plan holds no such call."""
    with_zone = plan_for(upgrade_request(time_zone="UTC", time_zone_mode=TimeZoneMode.KEEP_MOMENT))

    assert (["POST"], ["POST", "PUT"]) == (
        [one.method for one in plan_for().calls],
        [one.method for one in with_zone.calls],
    )


@pytest.mark.parametrize(
    ("mode", "done"),
    [
        (TimeZoneMode.SET_ZONE, "time zone set to UTC (set-zone)"),
        (TimeZoneMode.KEEP_MOMENT, "moved to UTC (keep-moment)"),
    ],
)
def test_the_plan_says_what_becomes_of_the_times(mode: TimeZoneMode, done: str) -> None:
    """DESIGN rule 6: keeping the clock time and keeping the moment are agreed to by name."""
    plan = plan_for(upgrade_request(time_zone="UTC", time_zone_mode=mode))

    call = plan.calls[-1]
    expected = ("arm", f"the policy as read then, {done}", False)
    assert expected == (call.api, call.body, call.is_final)
    assert f"{plan.target_id}/backupPolicies/{{each policy that keeps a zone}}" == call.path


def test_a_provider_is_registered_before_the_start() -> None:
    """Agreed to like every other call that changes something."""
    result = CheckResult(reasons=(), to_register=("Microsoft.RecoveryServices",))
    plan = build_plan(
        upgrade_request(),
        classic_vault(),
        prerequisite_check(),
        operation_id="operation-9",
        result=result,
    )

    first = plan.calls[0]
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/register"
    assert ("POST", path, "arm", False) == (first.method, first.path, first.api, first.is_final)
    assert [False, True] == [one.is_final for one in plan.calls]


def test_the_plan_says_what_cannot_be_undone() -> None:
    """No rollback, no classic view, what is blocked, what is billed."""
    text = json.dumps(to_json(plan_for()))

    assert all(word in text for word in ("no rollback", "classic vault", "restored", "billed"))


@pytest.mark.parametrize(
    "told",
    [
        "Scripts and tools for classic Backup vaults do not work",
        "machines cannot be registered",
        "scheduled backups go on",
        "restores already running go on",
        "need a PIN",
        "kept 14 days more",
        "needs a time zone",
        "old MARS agent do not show",
        "up to 12 hours",
    ],
)
def test_the_plan_tells_every_consequence(told: str) -> None:
    """What is not possible meanwhile, and what is different afterwards (vault-upgrade 1.5, 1.7)."""
    plan = plan_for()

    assert told in " ".join((*plan.irreversible, *plan.blocked_during, *plan.consequences))


def test_two_readings_of_the_same_give_the_same_plan() -> None:
    """Times, request ids and the order of reasons are no part of a plan."""
    first = plan_for(None, BILLING, OLD_RULE)
    second = plan_for(None, OLD_RULE, BILLING, client_request_id="another")

    assert plan_hash(first) == plan_hash(second)


def test_questions_in_another_order_are_the_same_plan() -> None:
    """An approval is not void because two looks came back the other way round."""
    questions = [
        CheckReason(
            code=code,
            gravity=Gravity.WARNING,
            message="",
            what_to_do="",
            source="resource groups",
            rule="vault-upgrade 1.3",
        )
        for code in ("ResourceGroupMissing", "ProviderNotRegistered")
    ]
    hashes = {
        plan_hash(
            build_plan(
                upgrade_request(),
                classic_vault(),
                prerequisite_check(),
                operation_id="operation-9",
                result=CheckResult(reasons=tuple(order)),
            )
        )
        for order in (questions, questions[::-1])
    }

    assert 1 == len(hashes)


@pytest.mark.parametrize(
    "other",
    [
        plan_for(upgrade_request(target_resource_group="rg-other")),
        plan_for(upgrade_request(time_zone="UTC")),
        plan_for(None, BILLING),
        dataclasses.replace(plan_for(), operation_id="operation-10"),
        dataclasses.replace(plan_for(), before_images=()),
    ],
)
def test_whatever_a_person_agrees_to_is_in_the_hash(other: UpgradePlan) -> None:
    """Another target, zone, warning, OperationId or before-image is another plan."""
    assert plan_hash(plan_for()) != plan_hash(other)


def test_the_hash_does_not_depend_on_how_the_plan_was_stored() -> None:
    """A plan read back from JSON is the same plan."""
    stored = json.dumps(to_json(plan_for(None, BILLING)), sort_keys=True)

    assert plan_hash(plan_for(None, BILLING)) == plan_hash(
        from_json(UpgradePlan, json.loads(stored))
    )


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_an_answer_of_somebody_else_to_this_plan_counts(decision: str) -> None:
    """A yes as well as a no."""
    plan = plan_for()

    assert (
        judge_approval(plan_hash(plan), "ada@example.org", answer(plan, decision=decision)) is None
    )


def test_an_answer_to_another_plan_is_void() -> None:
    """The plan changed after it was read."""
    old = answer(plan_for())
    objection = judge_approval(plan_hash(plan_for(None, BILLING)), "ada@example.org", old)

    assert objection is not None
    assert "the plan is now" in objection


@pytest.mark.parametrize("approver", ["ada@example.org", " ADA@Example.org "])
def test_nobody_answers_their_own_request(approver: str) -> None:
    """Whatever the spelling of their name."""
    plan = plan_for()
    objection = judge_approval(plan_hash(plan), "ada@example.org", answer(plan, approver=approver))

    assert objection is not None
    assert "somebody else has to answer" in objection


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("plan_hash", "abc"),
        ("approver", "  "),
        ("approver", None),
        ("decision", "yes"),
        ("at", "soon"),
        ("comment", "x" * 2001),
    ],
)
def test_what_is_no_answer_is_refused(member: str, value: object) -> None:
    """Each member has its own rule."""
    with pytest.raises(ValidationError) as caught:
        answer(plan_for(), **{member: value})

    assert [(member,)] == [one["loc"] for one in caught.value.errors()]


def test_a_lost_machine_is_named_as_what_it_costs() -> None:
    """The call, and that its backups are gone: both are agreed to, and both in the hash."""
    machine = LostMachine(name="gone.contoso.example", vault_id="/v", container_id="7")
    result = CheckResult(reasons=(), to_unregister=(machine,))
    plan = build_plan(
        upgrade_request(),
        classic_vault(),
        prerequisite_check(),
        operation_id="operation-9",
        result=result,
    )

    call = plan.calls[0]
    assert ("DELETE", "/v/backupContainers/7/UnRegisterContainer", True) == (
        call.method,
        call.path,
        call.is_final,
    )
    assert "The backups of gone.contoso.example are gone." == plan.irreversible[-1]


@pytest.mark.parametrize(
    ("items", "minutes", "basis"),
    [
        (None, (15, 20, 90), "the vault's size is not known"),
        (50, (15, 20, 20), "a small vault of 50 items"),
        (51, (15, 60, 90), "a large vault of 51 items"),
    ],
)
def test_the_estimate_is_what_is_documented_for_the_size(
    items: int | None, minutes: tuple[int, int, int], basis: str
) -> None:
    """A few tens of items, more, or nobody knows (vault-upgrade 1.6)."""
    found = estimate(items)

    assert minutes == (found.usual_from_min, found.usual_to_min, found.largest_min)
    assert basis == found.basis
