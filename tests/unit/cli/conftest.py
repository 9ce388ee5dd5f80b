"""What the tests of the command line share."""

import pytest

from tests.unit.cli.fake_app import serving


@pytest.fixture
def fake_app():
    """A fake app that serves for one test."""
    with serving() as app:
        yield app
