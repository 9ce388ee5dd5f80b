"""``vaultlift messages``, against an app that answers."""

import pytest
from typer.testing import CliRunner

from cli.exit_codes import ExitCode
from cli.main import app
from tests.unit.cli.fake_app import error_body

BOX = "/api/messages/rejected"
MESSAGE = {
    "box": "rejected",
    "sequenceNumber": 7,
    "messageId": "copy-7",
    "sessionId": "s",
    "reason": "InvalidMessage",
    "description": "schemaVersion: is 2",
    "enqueuedAt": "2026-11-23T12:00:00+00:00",
    "deliveryCount": 1,
    "originalId": "m7",
    "replayOf": None,
}
DONE = {"replayed": [{"sequenceNumber": 7, "originalId": "m7", "messageId": "new-7"}]}


def run(fake_app, *arguments):
    """Runs the command against the fake app."""
    return CliRunner().invoke(app, ["messages", *arguments, "--url", fake_app.url])


def test_a_box_is_listed_with_its_reasons(fake_app):
    """Exit code 3: somebody has something to look at."""
    fake_app.on("GET", f"{BOX}?top=100", (200, {"messages": [MESSAGE], "from": None}))
    result = run(fake_app, "list", "rejected")

    assert ExitCode.FINDINGS == result.exit_code
    for text in ("7", "schemaVersion: is 2", "m7", "1 message."):
        assert text in result.output


def test_an_empty_box_is_clean(fake_app):
    """Nothing to look at."""
    fake_app.on("GET", "/api/messages/dead-letter?top=5", (200, {"messages": []}))
    result = run(fake_app, "list", "dead-letter", "--top", "5")

    assert (ExitCode.CLEAN, "dead-letter: 0 messages.") == (
        result.exit_code,
        result.output.strip(),
    )


@pytest.mark.parametrize(("behind", "expected"), [([MESSAGE], "and more"), ([], "1 message.")])
def test_a_list_that_is_cut_says_so(fake_app, behind, expected):
    """Whoever reads a number must not take the first messages for all."""
    fake_app.on("GET", f"{BOX}?top=1", (200, {"messages": [MESSAGE], "from": 8}))
    fake_app.on("GET", f"{BOX}?top=1&from=8", (200, {"messages": behind, "from": None}))

    assert expected in run(fake_app, "list", "rejected", "--top", "1").output


def test_the_longest_list_sends_nobody_to_an_option_that_shows_no_more(fake_app):
    """The app gives no more in one list."""
    fake_app.on("GET", f"{BOX}?top=500", (200, {"messages": [MESSAGE], "from": 8}))
    fake_app.on("GET", f"{BOX}?top=1&from=8", (200, {"messages": [MESSAGE], "from": None}))
    output = run(fake_app, "list", "rejected", "--top", "500").output

    assert output.strip().endswith("rejected: 1 message, and more behind them.")


def test_a_message_is_shown_with_its_body(fake_app):
    """As it was sent."""
    fake_app.on("GET", f"{BOX}/7", (200, {**MESSAGE, "body": '{"schemaVersion": 2}'}))

    assert '{"schemaVersion": 2}' in run(fake_app, "show", "rejected", "7").output


def test_one_message_is_replayed(fake_app):
    """With who asks; the new id is shown."""
    fake_app.on("POST", f"{BOX}/7/replay", (202, DONE))
    result = run(fake_app, "replay", "rejected", "7", "--requested-by", "ada", "--comment", "ok")

    assert "sent anew as new-7" in result.output
    assert {"requestedBy": "ada", "comment": "ok"} == fake_app.calls[0][3]


def test_a_whole_box_is_replayed(fake_app):
    """Only when asked for in as many words."""
    fake_app.on("POST", f"{BOX}/replay", (202, DONE))
    fake_app.on("GET", f"{BOX}?top=1", (200, {"messages": [], "from": None}))

    assert 0 == run(fake_app, "replay", "rejected", "--all").exit_code


def test_a_box_of_any_size_is_replayed(fake_app):
    """The app takes so many in one call; it is asked until what was there is sent."""
    again = {**DONE["replayed"][0], "sequenceNumber": 9, "messageId": "new-9"}
    fake_app.on("POST", f"{BOX}/replay", (202, DONE), (202, {"replayed": [again]}))
    left = [{**MESSAGE, "sequenceNumber": 9}], []
    fake_app.on("GET", f"{BOX}?top=1", *((200, {"messages": one, "from": None}) for one in left))

    assert "2 messages replayed." in run(fake_app, "replay", "rejected", "--all").output


def test_what_is_refused_again_is_not_replayed_over_and_over(fake_app):
    """A message that nobody can use is back in the box before the next call."""
    fake_app.on("POST", f"{BOX}/replay", (202, DONE))
    back = {**MESSAGE, "sequenceNumber": 10, "originalId": "new-7"}
    fake_app.on("GET", f"{BOX}?top=1", (200, {"messages": [back], "from": 11}))

    assert "1 message replayed." in run(fake_app, "replay", "rejected", "--all").output


@pytest.mark.parametrize("arguments", [(), ("7", "--all")])
def test_a_replay_needs_one_message_or_all(fake_app, arguments):
    """Neither nothing nor both."""
    result = run(fake_app, "replay", "rejected", *arguments)

    assert (ExitCode.TOOL_ERROR, []) == (result.exit_code, fake_app.calls)


def test_a_message_that_is_not_there_is_an_error(fake_app):
    """The app's sentence is what is said."""
    fake_app.on("GET", f"{BOX}/8", (404, error_body("NotFound", "There is no message 8.")))
    result = run(fake_app, "show", "rejected", "8")

    assert ExitCode.TOOL_ERROR == result.exit_code
    assert "no message 8" in result.output


def test_an_unknown_box_is_a_usage_error(fake_app):
    """There are two."""
    assert ExitCode.TOOL_ERROR == run(fake_app, "list", "attic").exit_code
