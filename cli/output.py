"""Where a command writes: tables and sentences for people, JSON lines for programs.

Results go to standard output, everything about the course of things to standard error; rich
honours NO_COLOR and a TERM that cannot colour.
"""

import io
import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

from cli.problem_table import problem_table
from domain.errors import InvalidInputError, ServiceError, VaultliftError
from domain.sentences import join_sentences

PLAIN_WIDTH = 200
"""Columns of a line when nobody watches: OperationIds in logs must not be broken."""


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for a log where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    # What the terminal has no letter for is escaped: a name in another script is no reason to fail.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    # Without highlighting: rich would colour the digits inside OperationIds and GUIDs.
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = max(console.width, PLAIN_WIDTH)
    return console


def _json_line(members: dict[str, Any], encoding: str) -> str:
    line = json.dumps(members, ensure_ascii=False)
    try:
        line.encode(encoding)
    # A terminal of another age, or half a character out of somebody's file. Escaped, it is the same
    # JSON to whoever reads it.
    except UnicodeEncodeError:
        return json.dumps(members)
    return line


class Output:
    """What a command has to say, in the form the user asked for.

    Args:
        as_json: JSON lines instead of text.
        is_quiet: Nothing but problems.
    """

    def __init__(self, *, as_json: bool = False, is_quiet: bool = False) -> None:
        self.as_json = as_json
        self.is_quiet = is_quiet
        self.stdout = make_console()
        self.stderr = make_console(stderr=True)

    @property
    def is_live(self) -> bool:
        """Whether a table may redraw itself: a person watches a terminal."""
        # A redrawn table in a log file would be a copy of itself for every look.
        return self.stdout.is_terminal and not self.as_json and not self.is_quiet

    def event(self, name: str, **members: Any) -> None:
        """One JSON line; nothing unless JSON was asked for."""
        if self.as_json:
            line = _json_line({"event": name, **members}, self.stdout.encoding)
            # Past the console, which would wrap a line that has to stay one JSON object.
            self.stdout.file.write(line + "\n")
            # A program on the other end of a pipe follows the lines as they come.
            self.stdout.file.flush()

    def say(self, text: str) -> None:
        """A sentence for a person."""
        if not self.as_json and not self.is_quiet:
            self.stdout.print(escape(text), soft_wrap=True)

    def show(self, renderable: Any) -> None:
        """A table for a person."""
        if not self.as_json and not self.is_quiet:
            self.stdout.print(renderable)

    def fail(self, error: VaultliftError) -> None:
        """Says what went wrong: one sentence, or a table of problems."""
        # On standard output in JSON mode: a program reads one stream, whatever happens.
        self.event("error", error=_error_members(error))
        if self.as_json:
            return
        if isinstance(error, InvalidInputError):
            self.stderr.print(problem_table(error.problems))
        self.stderr.print(f"[bold red]vaultlift:[/] {escape(sentence(error))}", soft_wrap=True)


def sentence(error: VaultliftError) -> str:
    """What went wrong and what to do, as sentences for a person."""
    subject = f"{error.subject}: " if error.subject else ""
    text, advice = f"{subject}{_with_ids(error)}", error.what_to_do or ""
    # Text of several lines is quoted output, the end of a log: it is left as it is.
    if "\n" in text:
        return f"{text}\n{advice}".rstrip()
    return join_sentences(text, advice)


def _with_ids(error: VaultliftError) -> str:
    ids = (("OperationId", error.operation_id), ("request id", error.request_id))
    named = ", ".join(f"{label} {value}" for label, value in ids if value)
    text = error.message.rstrip()
    return f"{text.removesuffix('.')} ({named})" if named else text


def _error_members(error: VaultliftError) -> dict[str, Any]:
    members: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.message,
        "subject": error.subject,
        "whatToDo": error.what_to_do,
    }
    # Members of the error's class, so that a program need not read the sentence.
    if isinstance(error, ServiceError):
        members |= {"status": error.status, "code": error.code, "requestId": error.request_id}
    if isinstance(error, InvalidInputError):
        members["problems"] = [
            {"where": p.where, "field": p.field, "message": p.message, "vault": p.vault}
            for p in error.problems
        ]
    return members
