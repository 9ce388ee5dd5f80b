"""Keys name documents below the root, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.evidence_keys import check_key, check_prefix
from domain.errors import EvidenceError


@pytest.mark.parametrize(
    "key", ["a.json", "vaults/0a1b/runs/r-1/01-inspect.json", "A_b-c.d/e.json", "x..y.json"]
)
def test_relative_paths_are_keys(key: str) -> None:
    """The forms the app uses are taken as they are."""
    assert key == check_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *("", "a", "a.txt", "/a.json", "a//b.json", "../a.json", "a/../b.json", "./a.json"),
        *(".a.json", "a/.b.json", "a\\b.json", "a b.json", "a\n.json", "a.json/", "a.json\n"),
        *("C:a.json", "é.json", "٣.json", "a/" * 300 + "b.json"),
    ],
)
def test_whatever_could_lead_elsewhere_is_refused(key: str) -> None:
    """Absolute, hidden, climbing, over-long and non-ASCII paths are no keys."""
    with pytest.raises(EvidenceError):
        check_key(key)


@given(st.text(alphabet="ab./\\-_~ \n\0", max_size=12))
def test_no_key_climbs(text: str) -> None:
    """Whatever passes has no empty, hidden or climbing segment."""
    try:
        segments = check_key(f"{text}.json").split("/")
    except EvidenceError:
        return

    assert all(segment and not segment.startswith(".") for segment in segments)


@pytest.mark.parametrize("prefix", ["", "vaults", "vaults/", "vaults/0a/ru"])
def test_beginnings_of_keys_are_prefixes(prefix: str) -> None:
    """Whole folders and halves of names may be listed."""
    assert prefix == check_prefix(prefix)


@pytest.mark.parametrize("prefix", ["/", "../", "a/../", ".hidden", "a//"])
def test_what_no_key_starts_with_is_refused(prefix: str) -> None:
    """Listing cannot leave the root either."""
    with pytest.raises(EvidenceError):
        check_prefix(prefix)
