"""The plain message classes the runtime works with."""

import copy

import pytest

from local.host.messages import (
    PROTOS,
    BindingInfo,
    Message,
    ParameterBinding,
    TypedData,
    init_request,
    invocation_request,
)


def test_a_field_that_was_not_set_is_none():
    """As with protobuf, absent is not an error; special names are."""
    message = Message(name="x")

    assert (message.name, message.other) == ("x", None)
    assert copy.copy(message).name == "x"
    assert "'name': 'x'" in repr(message)


def test_typed_data_knows_its_kind():
    """The value is read under its kind and no other name."""
    data = TypedData(json="{}")

    assert (data.WhichOneof("data"), data.json) == ("json", "{}")
    with pytest.raises(AttributeError):
        _ = data.string


def test_typed_data_may_be_empty():
    """No kind at all is allowed; two are not."""
    assert TypedData().WhichOneof("data") is None
    with pytest.raises(TypeError, match="one kind of data"):
        TypedData(json="1", string="1")


def test_directions_are_numbered_as_in_the_protocol():
    """The runtime compares with attributes of the class."""
    assert (getattr(BindingInfo, "in"), BindingInfo.out, BindingInfo.inout) == (0, 1, 2)


def test_an_init_request_carries_the_message_classes():
    """The runtime takes them from the request's properties."""
    request = init_request("/app")

    assert request.properties["protos"] is PROTOS
    assert request.request.worker_init_request.function_app_directory == "/app"


def test_an_invocation_request_names_its_inputs():
    """Every input becomes a binding with data."""
    request = invocation_request("i", "f", {"a": TypedData(string="x")}, {}, "trace")
    binding = request.request.invocation_request.input_data[0]

    assert isinstance(binding, ParameterBinding)
    assert (binding.name, binding.WhichOneof("rpc_data"), binding.data.string) == ("a", "data", "x")
