"""What holds for any input: found by trying many."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from local.azure.arm_common import parse_filter
from local.azure.faults import FaultKind, FaultRule
from local.azure.model import RecordStatus
from local.azure.moments import format_ticks, parse_ticks, ticks_of
from local.azure.policy_documents import vm
from local.azure.schedules import ZONES, runs
from tests.unit.simulated_azure.harness import START, open_client

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How fast examples come says something about the machine, nothing about what is tested."""
QUOTE = "'"
KEYS = ("backupManagementType", "status", "friendlyName")
MOMENTS = st.datetimes(datetime(2016, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
ENDINGS = st.sampled_from(["classic-upgrade", "classic-check", "classic-track"])


@settings(UNHURRIED)
@given(st.integers(min_value=0, max_value=10**17))
def test_every_tick_count_survives_its_text(ticks):
    """Written and read again."""
    assert ticks == parse_ticks(format_ticks(ticks))


@settings(UNHURRIED)
@given(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=20)))
def test_every_filter_that_is_written_can_be_read(clauses):
    """Quotes, blanks and the word and inside values included."""
    text = " and ".join(
        f"{key} eq '{value.replace(QUOTE, 2 * QUOTE)}'" for key, value in clauses.items()
    )

    assert clauses == parse_filter(SimpleNamespace(query={"$filter": text}), frozenset(KEYS))


@settings(UNHURRIED, max_examples=60)
@given(
    st.sampled_from(sorted(ZONES)),
    MOMENTS,
    st.integers(min_value=0, max_value=23),
    st.sampled_from(["00", "30"]),
)
def test_a_daily_policy_runs_about_once_a_day_in_every_zone(zone, start, hour, minute):
    """A change of the clocks moves a run by at most a few hours, and never loses one."""
    policy = vm(f"{hour:02}:{minute}", 30, zone)

    moments = list(runs(policy, "UTC", start, start + timedelta(days=14)))

    assert 13 <= len(moments) <= 15
    assert all(
        timedelta(hours=21) <= later - earlier <= timedelta(hours=49)
        for earlier, later in pairwise(moments)
    )


class UpgradeMachine(RuleBasedStateMachine):
    """Starts, faults and time in any order: a vault is upgraded at most once."""

    def __init__(self):
        super().__init__()
        self.client = open_client({"name": "v1", "upgrade": {"duration": "20m"}})
        self.asked = 0
        self.answered = []

    @rule(request_id=st.uuids().map(str))
    def start(self, request_id):
        """Somebody asks for the upgrade."""
        self.asked += 1
        outcome = self.client.classic("POST", "upgrade", request_id=request_id)
        if outcome.answer.status == 200 and not outcome.is_dropped:
            self.answered.append(request_id)

    @rule(
        kind=st.sampled_from([FaultKind.DROP, FaultKind.LOST_RESPONSE, FaultKind.STATUS]),
        route=ENDINGS,
    )
    def break_something(self, kind, route):
        """The next call of a kind goes wrong."""
        rule = FaultRule(kind=kind, route=route, count=1)
        self.client.service.faults.add(rule)

    @rule(minutes=st.integers(min_value=1, max_value=15))
    def wait(self, minutes):
        """Time goes by."""
        self.client.wait(minutes=minutes)

    @precondition(lambda self: self.client.vault.record is not None)
    @rule()
    def track(self):
        """Somebody asks how it stands."""
        outcome = self.client.classic("GET", "upgradeOperationResult")
        status = self.client.vault.record.status(ticks_of(self.client.clock.now()))
        if outcome.answer.status == 200 and not outcome.is_dropped:
            is_running = b"<OperationStatus>InProgress" in outcome.answer.body
            assert is_running == (status is RecordStatus.IN_PROGRESS)

    @invariant()
    def is_started_at_most_once(self):
        """And whoever was told so started it."""
        vault = self.client.vault
        assert vault.starts_received == len(vault.records) <= min(1, self.asked)
        assert set(self.answered) <= {record.operation_id for record in vault.records}

    @invariant()
    def time_is_after_the_start(self):
        """No record lies in the future."""
        record = self.client.vault.record
        assert record is None or ticks_of(START) <= record.started


UpgradeMachine.TestCase.settings = settings(UNHURRIED, max_examples=25, stateful_step_count=20)
TestUpgradeMachine = UpgradeMachine.TestCase
