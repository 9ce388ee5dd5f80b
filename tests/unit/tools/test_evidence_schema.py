"""The schema of evidence documents covers every kind that is written, and refuses the rest.

That what workflows write is as published is held wherever tests keep evidence: see
``MemoryEvidence`` in ``tests/fakes.py``.
"""

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from domain.evidence import accepted_document, evidence_document, kind_of
from domain.upgrade import RunState
from orchestrators import names
from tests.estate import FakeEstate
from tests.fakes import MemoryEvidence
from tests.published import build_problems, closed, evidence_problems, published
from tests.samples import NOON, upgrade_request
from tools.described import attribute_docs
from tools.evidence import KINDS

ROOT = Path(__file__).parents[3]
WRITERS = (
    "keep",
    "keep_step",
    "keep_findings",
    "keep_part",
    "keep_document",
    "evidence_document",
    "_keep_of_audit",
)

PASSED_ON = {
    "inspection",
    "second-look",
    "record",
    "plan",
    "approval",
    "reminder",
    "guard",
    "outcome",
}
"""Kinds whose names reach their writer in a variable."""


def _texts(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """The texts an argument may be; what is filled in at run time is made up as a count."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(one.value) if isinstance(one, ast.Constant) else "1" for one in node.values
        )


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def written_kinds() -> set[str]:
    """The kinds that the source names where it writes evidence."""
    found: set[str] = set()
    for path in [*ROOT.glob("activities/*.py"), *ROOT.glob("triggers/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = _constants(tree)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRITERS):
                continue
            for keyword in node.keywords:
                if keyword.arg == "kind":
                    found |= set(_texts(keyword.value, constants))
            if node.func.id in {"keep_step", "keep_findings"} and len(node.args) > 2:
                found |= {kind_of(text) for text in _texts(node.args[2], constants)}
    return found


def test_every_kind_that_is_written_is_described_and_no_other() -> None:
    """Whoever keeps a new kind describes it in tools/evidence.py."""
    parts = {f"policy-{part}" for part in ("before", "sent", "write", "result")}
    named = {kind for kind in written_kinds() if "policy-1" not in kind}

    assert set(KINDS) == named | PASSED_ON | parts | {"accepted"}


def test_the_schema_is_a_schema() -> None:
    """Any validator of JSON Schema 2020-12 can use it."""
    assert Draft202012Validator.check_schema(published("evidence.schema.json")) is None


async def test_evidence_of_a_whole_run_is_as_published() -> None:
    """Request to outcome, each document validates, and every member is described."""
    estate = FakeEstate.make()
    await estate.upgrade()
    documents = [one for one in estate.evidence.documents.values() if "schema" in one]

    assert (True, []) == (
        len(documents) > 10,
        [problem for one in documents for problem in evidence_problems(one)],
    )


def _request_document(**changes: Any) -> Any:
    return {**accepted_document(upgrade_request()), **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": "vaultlift/evidence/2"},
        {"kind": "rumour"},
        {"recordedAt": "yesterday"},
        {"data": {}},
        {"data": {**accepted_document(upgrade_request())["data"], "approval": "maybe"}},
    ],
)
def test_what_is_not_evidence_is_refused(wrong: Any) -> None:
    """Another version, an unknown kind, a bad moment, missing or wrong members."""
    assert ([], True) == (
        evidence_problems(_request_document()),
        bool(evidence_problems(_request_document(**wrong))),
    )


def test_readers_pass_over_members_they_do_not_know() -> None:
    """The published schema leaves room for what later versions add; the tests' does not."""
    later = _request_document(data={**_request_document()["data"], "mood": "good"})
    schema = Draft202012Validator(published("evidence.schema.json"))

    assert (True, False) == (schema.is_valid(later), evidence_problems(later) == [])


def test_documents_of_earlier_versions_stay_valid() -> None:
    """A member that came later, with a default, may be missing."""
    earlier = deepcopy(_request_document())
    del earlier["data"]["approval_hours"]

    assert [] == evidence_problems(earlier)


async def test_a_fake_store_refuses_what_is_not_published() -> None:
    """So every test that keeps evidence holds the schema to what is written."""
    document = evidence_document(kind="gossip", subject="v", run_id="r", at=NOON, data={})

    with pytest.raises(AssertionError, match="gossip"):
        await MemoryEvidence().create("vaults/0/runs/r/x.json", document)


def test_a_build_is_judged_once_and_stays_as_it_was_judged() -> None:
    """Thousands of like documents cost one validation; keeping one again does not make it right."""
    document = evidence_document(kind="hearsay", subject="v", run_id="r", at=NOON, data={"a": 1})
    again = {**document, "data": {"a": 2}}

    assert (True, True) == (
        bool(build_problems(document)),
        build_problems(again) is build_problems(document),
    )


async def test_a_workflow_that_keeps_what_is_not_published_does_not_get_by() -> None:
    """Its retries meet the same refusal, so the run ends otherwise than its test expects."""
    estate = FakeEstate.make()

    async def gossip(_: Any) -> Any:
        document = evidence_document(kind="gossip", subject="v", run_id="r", at=NOON, data={})
        await estate.evidence.create("vaults/0/runs/r/gossip.json", document)

    outcome, _ = await estate.upgrade(workflow=estate.workflow(**{names.READ_PRECHECKS: gossip}))

    assert (RunState.STOPPED, True) == (outcome.state, "gossip" in outcome.reasons[0])


def test_a_closed_schema_takes_no_other_member() -> None:
    """Deep inside as well."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "object", "properties": {"b": {}}}},
    }

    assert (True, False) == (
        Draft202012Validator(closed(schema)).is_valid({"a": {"b": 1}}),
        Draft202012Validator(closed(schema)).is_valid({"a": {"c": 1}}),
    )


def test_docstrings_of_attributes_become_descriptions() -> None:
    """Those of bases, too; attributes without one have none."""

    @dataclass
    class Base:
        name: str
        """Who it is."""

    @dataclass
    class Derived(Base):
        age: int
        size: int
        """In metres,
        rounded."""

    assert {"name": "Who it is.", "size": "In metres,\nrounded."} == attribute_docs(Derived)
