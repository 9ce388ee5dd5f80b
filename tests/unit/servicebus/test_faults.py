"""Faults: where, how often, how."""

import pytest

from domain.errors import ConfigurationError
from local.servicebus.errors import BrokerError
from local.servicebus.faults import ConnectionCutError, Faults


def plan(**fault):
    """One planned fault."""
    faults = Faults()
    faults.add([fault])
    return faults


def run(faults, operation="send", entity="orders"):
    """Whether the operation took effect, and what came of it."""
    effects = []
    try:
        with faults.around(operation, entity):
            effects.append("done")
    except (BrokerError, ConnectionCutError) as error:
        return effects, type(error)
    return effects, None


def test_nothing_planned_nothing_happens():
    """Without faults everything works."""
    assert (["done"], None) == run(Faults())


def test_refusal_comes_before_the_effect():
    """A refused operation has done nothing; the default says that the server is busy."""
    with (
        pytest.raises(BrokerError) as caught,
        plan().around("send", "orders"),
    ):
        pytest.fail("The operation must not take place.")

    assert ("com.microsoft:server-busy", 503) == (caught.value.condition, caught.value.status)


@pytest.mark.parametrize(("action", "effects"), [("cut-before", []), ("cut-after", ["done"])])
def test_connection_is_cut_before_or_after(action, effects):
    """A cut before the effect loses the request, one after it loses the answer."""
    assert (effects, ConnectionCutError) == run(plan(action=action))


def test_fault_strikes_as_often_as_planned():
    """After its count a fault is over."""
    faults = plan(count=2)

    assert [BrokerError, BrokerError, None] == [run(faults)[1] for _ in range(3)]


@pytest.mark.parametrize(
    ("where", "strikes"),
    [
        ({"operation": "send"}, True),
        ({"operation": "settle"}, False),
        ({"entity": "Orders"}, True),
        ({"entity": "others"}, False),
        ({"operation": "*", "entity": "*"}, True),
    ],
)
def test_fault_strikes_where_planned(where, strikes):
    """Operation and queue narrow a fault down."""
    assert (BrokerError if strikes else None) == run(plan(**where))[1]


def test_faults_strike_in_order():
    """The first planned one that fits is taken."""
    faults = plan(condition="first")
    faults.add([{"condition": "second"}])
    conditions = []
    for _ in range(2):
        with pytest.raises(BrokerError) as caught, faults.around("send", "orders"):
            pytest.fail("The operation must not take place.")
        conditions.append(caught.value.condition)

    assert ["first", "second"] == conditions


def test_faults_to_come_are_listed():
    """The list shows what is left, without what has struck."""
    faults = plan(operation="send", count=2)
    run(faults)

    assert [("send", 1)] == [(f["operation"], f["count"]) for f in faults.describe()]
    run(faults)
    assert [] == faults.describe()


def test_cleared_faults_never_strike():
    """Cancelled is cancelled."""
    faults = plan()
    faults.clear()

    assert (["done"], None) == run(faults)


@pytest.mark.parametrize(
    "document", [{}, "busy", [{"operatoin": "send"}], [{"action": "explode"}], [{"count": "x"}]]
)
def test_other_documents_are_refused(document):
    """A misspelt fault would be a test that tests nothing."""
    faults = plan(operation="send")

    with pytest.raises(ConfigurationError):
        faults.add(document)

    assert 1 == len(faults.describe())
