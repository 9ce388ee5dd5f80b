"""Bodies of requests: read with care, refused with a reason."""

import pytest
from pydantic import BaseModel, Field, ValidationError

from domain.bodies import model_problems, object_of
from domain.errors import InvalidInputError


class Part(BaseModel):
    """A member of a member."""

    deep_one: int


class Whole(BaseModel):
    """What a body may hold."""

    plan_hash: str = Field(min_length=3)
    parts: list[Part] = []


@pytest.mark.parametrize("body", [b'{"a": 1}', '\ufeff{"a": 1}', b'\xef\xbb\xbf{"a": 1}', {"a": 1}])
def test_an_object_is_read_from_text_bytes_and_itself(body: object) -> None:
    """With or without a byte-order mark."""
    assert {"a": 1} == object_of(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[1]", "must be an object"),
        ("[" * 100_000, "not JSON"),
        ('{"decision": "rejected", "decision": "approved"}', "decision given twice"),
    ],
    ids=["nothing", "not UTF-8", "a list", "too deep", "a member twice"],
)
def test_anything_else_is_refused_with_the_reason(body: object, message: str) -> None:
    """Of two answers in one body the later would count, and who reads it first sees the other."""
    with pytest.raises(InvalidInputError) as refused:
        object_of(body)

    assert message in refused.value.problems[0].message


def test_what_a_model_finds_is_named_as_the_caller_wrote_it() -> None:
    """Each member by its path; the value itself stays out."""
    with pytest.raises(ValidationError) as invalid:
        Whole.model_validate({"plan_hash": "ab", "parts": [{"deep_one": "secret"}]})

    problems = model_problems(invalid.value, spelt={"plan_hash": "planHash"})

    assert ["planHash", "parts[0].deep_one"] == [one.field for one in problems]
    assert "secret" not in "".join(one.message for one in problems)
