"""Random workflows: a tree that says what to do, run by the hub and worked out on paper.

A tree is JSON: ``[kind, argument ...]``. :func:`run_tree` is the orchestrator that does what a tree
says; :func:`expected` is what must come out of it, whatever happens on the way.
"""

from datetime import timedelta

from durabletask import task
from hypothesis import strategies as st

_MODULUS = 1_000_003

_leaves = st.one_of(
    st.tuples(st.just("step"), st.integers(0, 99)),
    st.tuples(st.just("fail"), st.integers(0, 99)),
    st.tuples(st.just("retry"), st.integers(1, 3)),
    st.tuples(st.just("timer"), st.integers(0, 120)),
)


def _branches(children):
    return st.one_of(
        st.tuples(st.just("seq"), st.lists(children, min_size=1, max_size=3)),
        st.tuples(st.just("all"), st.lists(st.integers(0, 99), min_size=1, max_size=4)),
        st.tuples(st.just("child"), children),
    )


trees = st.recursive(_leaves, _branches, max_leaves=6)
"""Trees without events."""

workflows = st.lists(st.one_of(trees, st.just(("event",))), min_size=2, max_size=5)
"""What one instance does in sequence; events are waited for at the top only."""


def step(_context, request):
    """An activity: a number made of a number and a tag."""
    value, tag = request
    return (value * 31 + tag) % _MODULUS


def fail(_context, tag):
    """An activity that always fails."""
    raise ValueError(f"step {tag} fails")


def run_workflow(context, request):
    """Does what a workflow says, one tree after the other; gives the last number."""
    value = request["value"]
    for number, tree in enumerate(request["trees"]):
        if tree[0] == "event":
            value += yield context.wait_for_external_event(f"event-{number}")
        else:
            value = yield from _run(context, tree, value)
    return value


def run_tree(context, request):
    """Does what one tree says, as a sub-orchestration."""
    return (yield from _run(context, request["tree"], request["value"]))


def _run(context, tree, value):
    kind, argument = tree
    if kind == "step":
        return (yield context.call_activity("step", input=[value, argument]))
    if kind == "fail":
        return (yield from _survive(context, value, argument, None))
    if kind == "retry":
        policy = task.RetryPolicy(
            first_retry_interval=timedelta(seconds=5), max_number_of_attempts=argument
        )
        return (yield from _survive(context, value, argument, policy))
    if kind == "timer":
        yield context.create_timer(timedelta(seconds=argument))
        return value
    if kind == "all":
        asked = [context.call_activity("step", input=[value, tag]) for tag in argument]
        return sum((yield task.when_all(asked)))
    if kind == "child":
        request = {"tree": argument, "value": value}
        return (yield context.call_sub_orchestrator("run_tree", input=request))
    for one in argument:
        value = yield from _run(context, one, value)
    return value


def _survive(context, value, tag, policy):
    try:
        yield context.call_activity("fail", input=tag, retry_policy=policy)
    except task.TaskFailedError:
        return value + 7
    return -1


def expected(request):
    """What a workflow must give; every event adds 1000."""
    value = request["value"]
    for tree in request["trees"]:
        value = value + 1000 if tree[0] == "event" else _expected(tree, value)
    return value


def _expected(tree, value):
    kind, argument = tree
    if kind == "step":
        return step(None, [value, argument])
    if kind in {"fail", "retry"}:
        return value + 7
    if kind == "all":
        return sum(step(None, [value, tag]) for tag in argument)
    if kind == "child":
        return _expected(argument, value)
    if kind == "seq":
        for one in argument:
            value = _expected(one, value)
    return value


def events_of(request):
    """The names of the events a workflow waits for."""
    return [f"event-{n}" for n, tree in enumerate(request["trees"]) if tree[0] == "event"]
