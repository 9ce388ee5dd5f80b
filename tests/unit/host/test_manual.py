"""Trigger values of functions started by hand."""

import json

import pytest

from local.host.manual import manual_input
from tests.unit.host.fakes import make_function


def test_a_timer_is_not_past_due():
    """The text is not used."""
    given = manual_input(make_function("f", "timerTrigger"), "ignored")

    assert json.loads(given.value.json)["IsPastDue"] is False


def test_an_activity_gets_its_input_as_json():
    """Nothing at all is null."""
    function = make_function("f", "activityTrigger")

    assert manual_input(function, "[1]").value.json == "[1]"
    assert manual_input(function, "").value.json == "null"


@pytest.mark.parametrize(
    ("cardinality", "member"), [("one", "UserProperties"), ("MANY", "UserPropertiesArray")]
)
def test_a_message_has_the_metadata_the_runtime_needs(cardinality: str, member: str):
    """One message, or a batch of one."""
    given = manual_input(make_function("f", "serviceBusTrigger", cardinality=cardinality), "hi")

    assert member in given.metadata
    assert given.value.kind in {"bytes", "collection_bytes"}


def test_anything_else_gets_the_text():
    """Triggers this host does not know take a string."""
    assert manual_input(make_function("f", "queueTrigger"), "hi").value.string == "hi"
