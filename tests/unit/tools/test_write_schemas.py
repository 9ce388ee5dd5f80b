"""The schemas in the reference are those of the code."""

import pytest

from tools.write_schemas import REFERENCE, SCHEMAS, schema_text


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_that_of_the_code(name: str) -> None:
    """If this fails: ``python -m tools.write_schemas``, and say so in the changelog."""
    assert schema_text(name) == (REFERENCE / name).read_text(encoding="utf-8")
