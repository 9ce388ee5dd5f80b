"""When to ask next how an upgrade stands.

An upgrade typically takes 15 to 20 minutes, a large vault up to 90, an empty one a minute or two
(vault-upgrade 1.6). Asking is fine at once, coarse while nothing can be expected, finest where most
upgrades end, and coarse again for the few that take long: a 20-minute upgrade takes 18 polls, and
its end is noticed within 40 seconds (``benchmarks/bench_polling.py``).
"""

from datetime import timedelta

POLL_STEPS: tuple[tuple[timedelta, timedelta], ...] = (
    # Until then, since the start: this long between two looks.
    (timedelta(minutes=4), timedelta(seconds=60)),
    (timedelta(minutes=14), timedelta(seconds=120)),
    (timedelta(minutes=40), timedelta(seconds=40)),
    (timedelta(minutes=100), timedelta(seconds=60)),
)

LATE_POLL_INTERVAL = timedelta(minutes=5)
"""Between two looks once the old client would have given up; the service goes on working."""

ESCALATE_AFTER = timedelta(minutes=100)
"""The old client's limit of 6000 s (vault-upgrade 1.4): a person should know from here on."""

STALLED_AFTER = timedelta(hours=24)
"""From here on nobody expects an end; the run stops for support and nothing is ever restarted."""

OUTAGE_POLL_INTERVAL = timedelta(hours=1)
"""Between two looks after that, which only an upgrade that cannot be read about comes to."""

GIVE_UP_AFTER = timedelta(days=90)
"""How long an outage may last: until then not to be readable says nothing about the upgrade."""


def next_delay(elapsed: timedelta) -> timedelta:
    """How long to wait before the next look.

    Args:
        elapsed: Time since the upgrade was started; a clock that runs behind gives the first
            interval.
    """
    # From the start of the upgrade, not of the wait: one adopted half-way is asked about as often.
    for until, interval in POLL_STEPS:
        if elapsed < until:
            return interval
    return LATE_POLL_INTERVAL if elapsed < STALLED_AFTER else OUTAGE_POLL_INTERVAL


def is_escalation_due(elapsed: timedelta) -> bool:
    """Whether an upgrade runs longer than the old client was willing to wait."""
    return elapsed >= ESCALATE_AFTER


def is_stalled(elapsed: timedelta, *, is_read: bool) -> bool:
    """Whether to stop waiting.

    Args:
        elapsed: Time since the upgrade was started.
        is_read: The service was asked and says that it is still at work; False: nobody knows.
    """
    return elapsed >= (STALLED_AFTER if is_read else GIVE_UP_AFTER)
