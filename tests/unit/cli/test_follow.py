"""Following upgrades: what is read, when it ends, when it gives up."""

from dataclasses import dataclass, field

import pytest

from cli.follow import PICKUP_LIMIT_S, SINGLE_READS, Watch, follow
from cli.patience import OUTAGE_LIMIT_S, Pace
from cli.views import QUEUED, Accepted, UpgradeView
from domain.errors import NotFoundError, ThrottledError, UnavailableError
from tests.unit.cli.fake_app import ended_body, vault_body, view_body


def shown(name, state, **members):
    """An upgrade on its way."""
    return UpgradeView.model_validate(view_body(name, state, **members))


def ended(name, state="closed", request_id="request-1"):
    """An upgrade that has ended."""
    return UpgradeView.model_validate(ended_body(name, state, request_id=request_id))


class ScriptedClient:
    """Answers reads from a script per vault; the last answer stays."""

    url = "http://app"

    def __init__(self, **script):
        self.script = {f"upgrade-{name}": list(answers) for name, answers in script.items()}
        self.reads = []
        self.listings = 0
        self.waiting = 0

    def count_waiting(self):
        return self.waiting

    def read_upgrade(self, upgrade_id):
        self.reads.append(upgrade_id)
        answers = self.script[upgrade_id]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def list_upgrades(self):
        self.listings += 1
        yield from (answers[0] for answers in self.script.values())


@dataclass
class Recorder:
    """A progress that remembers what it was told."""

    states: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def update(self, views):
        self.states.append([view.state for view in views])

    def note(self, text):
        self.notes.append(text)


class Time:
    """Time that passes only in sleep."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds

    def pace(self, interval_s=2.0):
        return Pace(interval_s=interval_s, monotonic=lambda: self.now, sleep=self.sleep)


def watch(client, *names, joined=False):
    """A watch over accepted upgrades."""
    accepted = (
        Accepted.model_validate(
            {"id": f"upgrade-{name}", "vault": vault_body(name), "joined": joined}
        )
        for name in names
    )
    return Watch(client=client, request_id="request-1", accepted={one.id: one for one in accepted})


def test_follows_until_all_have_ended():
    """Each look is shown, from queued to the end, and ended upgrades are not read again."""
    client = ScriptedClient(a=[ended("a")], b=[shown("b", "upgrading"), ended("b", "blocked")])
    progress = Recorder()
    views = follow(watch(client, "a", "b"), progress, Time().pace())

    assert [
        [QUEUED, QUEUED],
        ["closed", "upgrading"],
        ["closed", "blocked"],
    ] == progress.states
    assert ["upgrade-a", "upgrade-b", "upgrade-b"] == client.reads
    assert ["closed", "blocked"] == [view.state for view in views]


def test_does_not_pause_after_the_last_end():
    """As soon as everything has ended the caller goes on."""
    time = Time()
    follow(watch(ScriptedClient(a=[ended("a")]), "a"), Recorder(), time.pace())

    assert [] == time.pauses


def test_not_found_means_not_picked_up_yet():
    """An accepted upgrade the app does not show yet is queued, not an error."""
    client = ScriptedClient(a=[NotFoundError("no"), ended("a")])
    progress = Recorder()
    follow(watch(client, "a"), progress, Time().pace())

    assert [[QUEUED], [QUEUED], ["closed"]] == progress.states


def test_end_of_an_earlier_run_is_not_taken_for_ours():
    """A vault that was blocked before stays queued until its new run shows."""
    client = ScriptedClient(a=[ended("a", "blocked", request_id="earlier"), ended("a")])
    progress = Recorder()
    follow(watch(client, "a"), progress, Time().pace())

    assert [[QUEUED], [QUEUED], ["closed"]] == progress.states


def test_joined_run_may_be_of_another_request():
    """A request that joined a run takes that run's end for its own."""
    client = ScriptedClient(a=[ended("a", request_id="earlier")])
    views = follow(watch(client, "a", joined=True), Recorder(), Time().pace())

    assert ["closed"] == [view.state for view in views]


def test_short_outage_is_noted_and_outlasted():
    """While the app restarts, following goes on and says so."""
    client = ScriptedClient(a=[UnavailableError("Gone."), ended("a")])
    progress = Recorder()
    follow(watch(client, "a"), progress, Time().pace())

    assert ["Gone. Looking again."] == progress.notes


def test_long_outage_is_an_error():
    """An app that stays away for the limit is reported."""
    client = ScriptedClient(a=[UnavailableError("Gone.")])
    time = Time()
    with pytest.raises(UnavailableError, match="Gone"):
        follow(watch(client, "a"), Recorder(), time.pace(10.0))

    assert OUTAGE_LIMIT_S < time.now <= OUTAGE_LIMIT_S + 10.0


def test_throttling_sets_the_pause():
    """An app that asks for a pause gets it."""
    client = ScriptedClient(a=[ThrottledError("Slow.", retry_after_s=30.0), ended("a")])
    time = Time()
    follow(watch(client, "a"), Recorder(), time.pace())

    assert [30.0] == time.pauses


def test_message_nobody_picks_up_is_an_error():
    """An upgrade whose run never begins is reported with where to look."""
    client = ScriptedClient(a=[ended("a")], b=[NotFoundError("no")])
    time = Time()
    with pytest.raises(UnavailableError, match="no run has begun for b") as caught:
        follow(watch(client, "a", "b"), Recorder(), time.pace(60.0))

    assert "dead-letter" in caught.value.what_to_do
    assert time.now <= PICKUP_LIMIT_S + 60.0


def test_an_upgrade_that_waits_in_line_is_not_given_up():
    """Behind hundreds of others a run may begin hours later."""
    client = ScriptedClient(a=[*[NotFoundError("no")] * 20, ended("a")])
    client.waiting = 5
    time = Time()
    views = follow(watch(client, "a"), Recorder(), time.pace(60.0))

    assert ["closed"] == [view.state for view in views]
    assert time.now > PICKUP_LIMIT_S


def test_waiting_for_approval_is_not_given_up():
    """An upgrade that was picked up may take as long as people need."""
    client = ScriptedClient(a=[*[shown("a", "awaiting_approval")] * 50, ended("a")])
    time = Time()
    follow(watch(client, "a"), Recorder(), time.pace(60.0))

    assert time.now > PICKUP_LIMIT_S


def test_many_upgrades_are_listed_instead_of_read():
    """With many on the way the list is read page by page, not each upgrade."""
    names = [f"v{number}" for number in range(SINGLE_READS + 1)]
    client = ScriptedClient(**{name: [ended(name)] for name in names}, other=[ended("other")])
    views = follow(watch(client, *names), Recorder(), Time().pace())

    assert ([], 1, len(names)) == (client.reads, client.listings, len(views))
