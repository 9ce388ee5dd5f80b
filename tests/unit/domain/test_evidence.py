"""The frame of evidence documents."""

import pytest

from domain.codec import to_json
from domain.evidence import accepted_document, accepted_key, kind_of
from tests.samples import upgrade_request


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("01-request", "request"),
        ("02-inspection", "inspection"),
        ("03-checks-2", "checks"),
        ("04-plan-0123456789ab", "plan"),
        ("05-approval-20261123T021928123456", "approval"),
        ("07-record-12", "record"),
        ("10-support-bundle", "support-bundle"),
        ("11-job-sync", "job-sync"),
        ("outcome", "outcome"),
    ],
)
def test_every_look_of_a_step_is_of_one_kind(step: str, kind: str) -> None:
    """What tells looks apart is in the key; the kind says what the data is."""
    assert kind == kind_of(step)


def test_a_request_that_was_taken_is_framed_like_everything_else() -> None:
    """Its moment is the request's own, so that whoever keeps it first writes the same."""
    asked = upgrade_request()
    document = accepted_document(asked)

    assert ("accepted", asked.requested_at.isoformat(), to_json(asked)) == (
        document["kind"],
        document["recordedAt"],
        document["data"],
    )


def test_a_request_that_was_taken_is_found_by_its_vault() -> None:
    """The key begins with the vault, so that the API finds what waits for it."""
    asked = upgrade_request()

    assert f"vaults/{asked.vault.key}/accepted/{asked.request_id}.json" == accepted_key(asked)
