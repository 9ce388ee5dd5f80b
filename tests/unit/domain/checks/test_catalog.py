"""What every check is."""

from domain.checks.catalog import CATALOG


def test_ids_are_unique() -> None:
    """Findings of two audits are compared by them."""
    ids = [one.id for one in CATALOG]

    assert sorted(set(ids)) == sorted(ids)


def test_every_check_names_its_source() -> None:
    """A rule without a source cannot be argued with."""
    assert [] == [one.id for one in CATALOG if not one.source or not one.title]
