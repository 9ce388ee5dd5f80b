"""Fixtures of the hub's unit tests."""

import pytest

from tests.unit.taskhub.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    """A hub's file to write in by hand."""
    one = Ledger(tmp_path / "hub.sqlite")
    yield one
    one.close()
