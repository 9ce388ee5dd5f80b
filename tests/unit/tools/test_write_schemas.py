"""What is generated in the reference is that of the code."""

import pytest

from tools.write_schemas import PAGES, REFERENCE, SCHEMAS, schema_text


@pytest.mark.parametrize("name", [*SCHEMAS, *PAGES])
def test_what_is_published_is_what_the_code_says(name: str) -> None:
    """If this fails: ``python -m tools.write_schemas``, and say so in the changelog."""
    assert schema_text(name) == (REFERENCE / name).read_text(encoding="utf-8")
