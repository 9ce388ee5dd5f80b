"""What a Resource Guard needs is told from the vault's own proxies."""

from typing import Any

from domain.guards import (
    GUARD_MEMBER,
    guard_need,
    with_guard_requests,
    without_guard_requests,
    without_named_requests,
)
from tests.unit.domain.policy_documents import vm_policy

GUARD = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/resourceGuards/one"


def _proxy(*operations: str) -> dict[str, Any]:
    details = [
        {
            "vaultCriticalOperation": f"Microsoft.DataProtection/resourceGuards/{one}",
            "defaultResourceRequest": f"{GUARD}/{one}/default",
        }
        for one in operations
    ]
    properties = {"resourceGuardResourceId": GUARD, "resourceGuardOperationDetails": details}
    return {"properties": properties}


def test_the_guard_s_own_request_for_policies_is_named() -> None:
    """Of several operations the one for policies is taken."""
    need = guard_need([_proxy("disableSoftDeleteRequests", "updateProtectionPolicyRequests")])

    assert (GUARD, f"{GUARD}/updateProtectionPolicyRequests/default") == (
        need.guard_id,
        need.request_id,
    )


def test_a_guard_that_does_not_list_policies_still_has_a_request() -> None:
    """The usual name is the best guess, and the guard itself is certain."""
    need = guard_need([_proxy("disableSoftDeleteRequests")])

    assert f"{GUARD}/updateProtectionPolicyRequests/default" == need.request_id


def test_a_vault_that_names_no_guard_says_so() -> None:
    """Nothing is made up; the text tells that the vault is silent."""
    need = guard_need([])

    assert ("", "", True) == (need.guard_id, need.request_id, "does not name it" in need.text)


def test_the_request_is_sent_and_never_kept() -> None:
    """Naming it in the body and taking it out again gives the policy back."""
    document = vm_policy()

    sent = with_guard_requests(document, ("request",))

    assert (True, document) == (sent != document, without_guard_requests(sent))


def test_without_requests_the_body_is_the_policy() -> None:
    """An unguarded vault gets no extra member."""
    assert vm_policy() == with_guard_requests(vm_policy(), ())


def test_requests_of_an_earlier_write_are_not_written_back() -> None:
    """They were for that write alone."""
    shown = with_guard_requests(vm_policy(), ("old-request",))

    assert vm_policy() == without_named_requests(shown)


def test_an_empty_member_is_written_back_as_it_was() -> None:
    """The service sends null for policies without a guard, and a write leaves it alone."""
    document = vm_policy(**{GUARD_MEMBER: None})

    assert document == without_named_requests(document)
