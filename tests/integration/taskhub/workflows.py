"""Small orchestrations that the tests of the hub run."""

from datetime import timedelta

from durabletask import task


def add_one(_context, number):
    """An activity that works."""
    return number + 1


def fail_oddly(_context, number):
    """An activity that fails for odd numbers."""
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


def count_up(context, number):
    """Three activities, one after the other."""
    for _ in range(3):
        number = yield context.call_activity("add_one", input=number)
    return number


def fan_out(context, count):
    """So many activities at once."""
    numbers = yield task.when_all(
        [context.call_activity("add_one", input=number) for number in range(count)]
    )
    return sum(numbers)


def sleep_long(context, hours):
    """A durable timer; gives the virtual seconds it took."""
    started = context.current_utc_datetime
    yield context.create_timer(timedelta(hours=hours))
    return (context.current_utc_datetime - started).total_seconds()


def await_go(context, _):
    """Says that it waits, and waits for an event."""
    context.set_custom_status("waiting")
    payload = yield context.wait_for_external_event("go")
    return payload


def await_go_or_time_out(context, minutes):
    """A race of an event against a timer."""
    go = context.wait_for_external_event("go")
    timer = context.create_timer(timedelta(minutes=minutes))
    winner = yield task.when_any([go, timer])
    return "went" if winner is go else "timed out"


def call_child(context, request):
    """Calls the sub-orchestration it is told to."""
    result = yield context.call_sub_orchestrator(
        request["child"], input=request.get("input"), instance_id=request.get("id")
    )
    return result


def tell_parent(context, _):
    """Gives its parent's instance id."""
    yield context.create_timer(timedelta(seconds=1))
    return context.parent_instance_id


def fail_at_once(_context, message):
    """Fails with the message it is given."""
    raise ValueError(message)


def call_failing(context, number):
    """Calls an activity that may fail."""
    result = yield context.call_activity("fail_oddly", input=number)
    return result


def collect_events(context, state):
    """Takes three events in three executions, each begun anew by the one before."""
    payload = yield context.wait_for_external_event("item")
    taken = [*state, payload]
    if len(taken) < 3:
        context.continue_as_new(taken, save_events=True)
        return None
    return taken


def send_go(context, target):
    """Sends another instance an event."""
    context.send_event(target, "go", data="hello")
    yield context.create_timer(timedelta(seconds=1))
    return "sent"
