"""Raw documents: walked, changed in one place, compared."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.documents import (
    ABSENT,
    Difference,
    diff_documents,
    path_text,
    value_at,
    walk,
    with_value,
)

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
documents = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=10,
    ),
    max_size=4,
)


@given(documents)
def test_every_leaf_is_found_at_its_path(document: dict[str, object]) -> None:
    """Walking a document and following its paths agree."""
    for path, value in walk(document):
        if path:
            assert value == value_at(document, path)


@given(documents)
def test_a_document_does_not_differ_from_itself(document: dict[str, object]) -> None:
    """A copy is the same."""
    assert () == diff_documents(document, copy.deepcopy(document))


@given(documents, st.text(min_size=1, max_size=4), st.integers(min_value=1))
def test_a_change_is_found_where_it_was_made(
    document: dict[str, object], name: str, value: int
) -> None:
    """Putting a number into a fresh member differs there and nowhere else."""
    changed = with_value(document, ("fresh", name), value)
    before = {member: one for member, one in document.items() if member != "fresh"}
    after = {member: one for member, one in changed.items() if member != "fresh"}

    assert (value, ()) == (changed["fresh"][name], diff_documents(before, after))


def test_a_change_leaves_the_original_alone() -> None:
    """The changed document shares nothing with the one it came from."""
    document = {"a": [{"b": 1}]}
    with_value(document, ("a", 0, "b"), 2)

    assert {"a": [{"b": 1}]} == document


def test_a_path_reads_like_code() -> None:
    """Members are joined by points and elements stand in brackets."""
    assert "properties.subProtectionPolicy[0].times[1]" == path_text(
        ("properties", "subProtectionPolicy", 0, "times", 1)
    )


@pytest.mark.parametrize("path", [("b",), ("a", "b"), ("a", 3), ("a", 0, "c", "d")])
def test_a_path_that_leads_nowhere_gives_nothing(path: tuple[str | int, ...]) -> None:
    """Missing members, short lists and scalars on the way all read as None."""
    assert value_at({"a": [{"c": 1}]}, path) is None


def test_members_are_told_apart_by_their_names_not_by_their_paths_text() -> None:
    """A member with a point in its name is not the same as a nested one."""
    assert 2 == len(diff_documents({"a.b": 1}, {"a": {"b": 1}}))


@pytest.mark.parametrize(
    "added",
    [
        {"schedulePolicy": {"scheduleWeeklyFrequency": 0}},
        {"instantRPDetails": {}},
        {"tieringPolicy": {"ArchivedRP": {"duration": 0, "durationType": "Invalid"}}},
        {"protectedItemsCount": 9},
        {"timeZone": None},
    ],
)
def test_what_the_service_adds_by_itself_is_no_difference(added: dict[str, object]) -> None:
    """Defaults, counters and nulls in an answer do not count."""
    assert () == diff_documents({"properties": {}}, {"properties": added})


@pytest.mark.parametrize(
    "added",
    [
        {"schedulePolicy": {"scheduleWeeklyFrequency": 1}},
        {"instantRPDetails": {"azureBackupRGNamePrefix": "x"}},
        {"tieringPolicy": {"ArchivedRP": {"duration": 3}}},
        {"other": {"duration": 0}},
        {"schedulePolicy": {"scheduleWeeklyFrequency": False}},
    ],
)
def test_another_value_in_the_same_place_is_a_difference(added: dict[str, object]) -> None:
    """Only the very default is passed over, and only where it belongs."""
    assert 1 == len(diff_documents({"properties": {}}, {"properties": added}))


def test_a_difference_shows_both_values() -> None:
    """Absent is shown as absent, and true is not one."""
    before: dict[str, object] = {"a": True, "b": "x"}
    after: dict[str, object] = {"a": 1, "c": "y"}

    assert {
        Difference(path="a", before="True", after="1"),
        Difference(path="b", before="x", after=ABSENT),
        Difference(path="c", before=ABSENT, after="y"),
    } == set(diff_documents(before, after))
