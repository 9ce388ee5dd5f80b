"""Declared ends and how runs compare with them."""

import pytest

from domain.upgrade import RunState
from local.demo.errors import DemoError
from local.demo.expectations import compare, read_expected
from tests.unit.reports.samples import blocked_report, report


def test_declared_ends_are_read(tmp_path):
    """Each row names a vault and its end."""
    path = tmp_path / "expected.csv"
    path.write_text("vault_name,end\na,closed\nb,needs_support\n")

    assert {"a": RunState.CLOSED, "b": RunState.NEEDS_SUPPORT} == read_expected(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("vault_name,end\na,finished\n", "a: 'finished' is not an end"),
        ("vault_name,end\na,upgrading\n", "a: 'upgrading' is not an end"),
        ("name,end\na,closed\n", "vault_name"),
    ],
)
def test_other_content_is_refused(tmp_path, content, message):
    """What is no end, or no such file, is refused by name."""
    path = tmp_path / "expected.csv"
    path.write_text(content)

    with pytest.raises(DemoError, match=message):
        read_expected(path)


def test_absent_file_is_refused(tmp_path):
    """Without declared ends nothing can be judged."""
    with pytest.raises(DemoError, match="cannot be read"):
        read_expected(tmp_path / "absent.csv")


def test_every_vault_is_compared():
    """Vaults that were expected, that ran, or both: none is left out."""
    compared = compare(
        {"vault-clean": RunState.CLOSED, "lost": RunState.CLOSED}, [report(), blocked_report()]
    )

    assert [("vault-clean", True), ("lost", False), ("vault-old-agent", False)] == [
        (one.vault, one.is_as_expected) for one in compared
    ]
