"""How a campaign takes what happens: progress of vaults, commands of people, time that passes.

All decisions of ``run_campaign`` are made here, without I/O and without a clock of its own; the
orchestrator only carries them out. What somebody should be able to read later becomes a note.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.campaigns import (
    ALLOWED,
    ENDED_PHASES,
    FAILED_MARKS,
    CampaignPhase,
    CampaignState,
    Cause,
    Command,
    InFlight,
    Mark,
    Note,
    VaultProgress,
    Verb,
    mark_of,
    round_request_id,
)
from domain.codec import JsonObject
from domain.ledger import Ledger
from domain.maintenance import next_opening
from domain.schedule import choose_starts
from domain.upgrade import END_STATES, RunState

LOOK_INTERVAL = timedelta(minutes=15)
"""Between two looks for vaults whose report was lost. Reports come by event; this is the net."""

RESEND_EVERY = 4
"""After each hour without a trace of a run the message is sent again: it may have been lost with
a broker, and the run joins where it was not."""

LOST_AFTER = 48
"""After half a day without a trace somebody must look into the dead-letter queue."""

PROVING_PER_LOOK = 100
"""Vaults that only wait for their jobs and are looked at at once; all get their turn."""

LONGEST_REASON = 500
"""Characters of a reason: it is shown in the custom status, and a service may answer with pages."""

SHOWN_POSITIONS = 50
"""Failed vaults named in the custom status, which has to stay small."""


class Steering:
    """A campaign as it stands; see the module.

    Args:
        state: As it was carried over.
    """

    def __init__(self, state: CampaignState) -> None:
        self._state = state
        self.ledger = Ledger(state.marks, state.places)
        self.phase = state.phase
        self.cause = state.cause
        self.reason = state.reason
        self._forgiven = state.forgiven
        self._round_no = state.round_no
        self._look_at = state.look_at
        self._look_from = state.look_from
        self._in_flight = {one.position: one for one in state.in_flight}
        self._notes: list[Note] = []

    @property
    def state(self) -> CampaignState:
        """Everything the next history needs."""
        return replace(
            self._state,
            marks=self.ledger.marks,
            phase=self.phase,
            cause=self.cause,
            reason=self.reason,
            round_no=self._round_no,
            forgiven=self._forgiven,
            in_flight=tuple(self._in_flight.values()),
            look_at=self._look_at,
            look_from=self._look_from,
            pending=None,
        )

    @property
    def is_ended(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.phase in ENDED_PHASES

    def take_notes(self) -> tuple[Note, ...]:
        """What happened since the last call and belongs into the trail."""
        notes, self._notes = tuple(self._notes), []
        return notes

    # Starting ----------------------------------------------------------------------------

    def starts(self, at: datetime) -> tuple[int, ...]:
        """The positions to send now."""
        maintenance = self._state.options.maintenance
        if self.phase is not CampaignPhase.RUNNING:
            return ()
        # Hours hold back starts only: what the service has begun goes on by itself, whatever the
        # clock.
        if maintenance is not None and next_opening(maintenance, at) > at:
            return ()
        return choose_starts(self.ledger, self._state.options.limits)

    def send(self, positions: tuple[int, ...], at: datetime) -> None:
        """The positions take their slots."""
        for position in positions:
            self.ledger.put(position, Mark.SENT)
            self._in_flight[position] = InFlight(
                position=position, request_id=self.request_id, sent_at=at
            )

    @property
    def request_id(self) -> str:
        """The request id of what is sent in this round."""
        return replace(self._state, round_no=self._round_no).request_id

    def pause(self, cause: Cause, why: str) -> None:
        """Starts nothing more until somebody resumes."""
        self._enter(CampaignPhase.PAUSED, cause, why[:LONGEST_REASON])
        self._notes.append(Note(what=f"paused-by-{cause}", detail=why))

    def _enter(self, phase: CampaignPhase, cause: Cause = Cause.NONE, reason: str = "") -> None:
        self.phase, self.cause, self.reason = phase, cause, reason

    # What comes in -----------------------------------------------------------------------

    def take_progress(self, progress: VaultProgress) -> None:
        """A vault tells how far it is; what an earlier round tells late changes nothing."""
        position = progress.position
        is_known = 0 <= position < len(self.ledger)
        if not is_known or progress.state not in END_STATES | {RunState.PROVING}:
            return
        mark = self.ledger.mark(position)
        if mark is Mark.SENT:
            asked = self._in_flight[position]
            # A late report of an earlier round, from before the vault was redriven: the run of this
            # round has yet to tell.
            if asked.request_id != progress.request_id:
                return
            self._in_flight.pop(position)
        # Whoever may write to the queue may make up a slot of ours; their run is not our vault's.
        elif mark is not Mark.PROVING or not self._is_own(progress.request_id):
            return
        self._put(position, progress.state)

    def _is_own(self, request_id: str) -> bool:
        """Whether a request is of this campaign, in whichever round."""
        own = self._state.campaign_id
        return any(
            request_id == round_request_id(own, number) for number in range(1, self._round_no + 1)
        )

    def _put(self, position: int, state: RunState) -> None:
        # Proving takes no slot: the service is done with the vault, and its jobs may take twelve
        # hours to arrive (vault-upgrade 1.7).
        self.ledger.put(position, mark_of(state) if state in END_STATES else Mark.PROVING)
        self._check_threshold()
        self._check_end()

    def _check_threshold(self) -> None:
        threshold = self._state.options.threshold
        if threshold is None or self.phase is not CampaignPhase.RUNNING:
            return
        failures = self.ledger.failures - self._forgiven
        if threshold.is_exceeded(failures, len(self.ledger)):
            known = f" since it was resumed ({self._forgiven} before)" if self._forgiven else ""
            self.pause(
                Cause.THRESHOLD,
                f"{failures} of {len(self.ledger)} vaults failed{known}, more than the error "
                "threshold tolerates. Look at them, then resume or cancel.",
            )

    def _check_end(self) -> None:
        if not self.ledger.is_finished:
            return
        cancelled = self.phase is CampaignPhase.CANCELLING
        self._enter(CampaignPhase.CANCELLED if cancelled else CampaignPhase.COMPLETED)

    def needs_instruction(self, command: Command) -> tuple[int, ...]:
        """The failed vaults for which a command asks whether Microsoft has said to retry them."""
        if command.verb is not Verb.REDRIVE or command.verb not in ALLOWED[self.phase]:
            return ()
        return tuple(self.ledger.positions(Mark.NEEDS_SUPPORT))

    def take_command(self, command: Command, instructed: Iterable[int] = ()) -> bool:
        """Does what somebody asked for, if the phase allows it; whether it did.

        Args:
            command: What was asked for.
            instructed: Failed vaults that Microsoft said may be started once more.
        """
        if command.verb not in ALLOWED[self.phase]:
            self._note(command, "ignored", f"the campaign is {self.phase}")
            return False
        detail = self._do(command, instructed)
        self._note(command, "done", detail)
        self._check_end()
        return True

    def _do(self, command: Command, instructed: Iterable[int]) -> str:
        if command.verb is Verb.PAUSE:
            return self._pause_for(command)
        if command.verb is Verb.RESUME:
            return self._resume()
        if command.verb is Verb.CANCEL:
            return self._cancel()
        return self._redrive(instructed)

    def _note(self, command: Command, ending: str, detail: str) -> None:
        what = f"{command.verb}-{ending}"
        self._notes.append(Note(what=what, detail=detail, requested_by=command.requested_by))

    def _pause_for(self, command: Command) -> str:
        reason = f"Paused by {command.requested_by}."
        self._enter(CampaignPhase.PAUSED, Cause.OPERATOR, reason)
        return f"{self.ledger.counts[Mark.WAITING]} vaults wait"

    def _resume(self) -> str:
        self._enter(CampaignPhase.RUNNING)
        self._forgiven = self.ledger.failures
        return f"{self._forgiven} failures are known and no longer count"

    def _cancel(self) -> str:
        self._enter(CampaignPhase.CANCELLING)
        # What was sent is followed all the same: the service knows no way to call an upgrade back.
        given_up = self.ledger.cancel_waiting()
        return (
            f"{given_up} vaults are not started; {len(self._in_flight)} are followed to their end"
        )

    def _redrive(self, instructed: Iterable[int]) -> str:
        again = self.ledger.redrive(instructed)
        left = sum(self.ledger.counts[mark] for mark in FAILED_MARKS)
        self._forgiven = self.ledger.failures
        if again:
            self._round_no += 1
            # A paused campaign stays paused: who redrives has not said that it may go on.
            if self.phase in ENDED_PHASES:
                self._enter(CampaignPhase.RUNNING)
        return f"{again} vaults wait again; {left} failed and must not be retried"

    # Looking -----------------------------------------------------------------------------

    def wake_at(self, at: datetime) -> datetime | None:
        """When to act although nothing comes in; None: only a command can change anything."""
        moments: list[datetime] = []
        if self._in_flight or self.ledger.counts[Mark.PROVING]:
            # Kept once it is set: every event asks anew, and a look put off each time would never
            # come.
            self._look_at = self._look_at or at + LOOK_INTERVAL
            moments.append(self._look_at)
        maintenance = self._state.options.maintenance
        # Only where something can start then: a turn for nobody would still be written to the
        # history.
        has_waiting = self.ledger.counts[Mark.WAITING] > 0
        if maintenance and has_waiting and self.phase is CampaignPhase.RUNNING:
            opening = next_opening(maintenance, at)
            if opening > at:
                moments.append(opening)
        return min(moments, default=None)

    def is_look_due(self, at: datetime) -> bool:
        """Whether to look for lost reports now."""
        return self._look_at is not None and at >= self._look_at

    def look(self, at: datetime) -> tuple[tuple[InFlight, ...], tuple[int, ...]]:
        """What to look at: every vault in flight, and some of those that wait for their jobs."""
        self._look_at = at + LOOK_INTERVAL
        proving = list(self.ledger.positions(Mark.PROVING, start=self._look_from))
        shown = tuple(proving[:PROVING_PER_LOOK])
        # Goes on behind them at the next look, and around: each gets its turn, however many wait.
        self._look_from = shown[-1] + 1 if len(proving) > len(shown) else 0
        return tuple(self._in_flight.values()), shown

    def take_look(self, found: tuple[VaultProgress, ...], missing: tuple[int, ...]) -> None:
        """What a look came to: reports that were lost, and vaults without a trace of a run."""
        for position, asked in self._in_flight.items():
            # From the beginning after any sign of life: only an unbroken silence means a lost
            # message.
            misses = asked.misses + 1 if position in missing else 0
            self._in_flight[position] = replace(asked, misses=misses)
        for progress in found:
            self._in_flight.pop(progress.position, None)
            # Its report may have come by event while the look was under way; an end is put once.
            if self.ledger.mark(progress.position) in {Mark.SENT, Mark.PROVING}:
                self._put(progress.position, progress.state)
        self._give_up_lost()

    def _give_up_lost(self) -> None:
        for asked in [one for one in self._in_flight.values() if one.misses >= LOST_AFTER]:
            del self._in_flight[asked.position]
            self._notes.append(
                Note(
                    what="vault-lost",
                    detail=f"position {asked.position}: no run began since "
                    f"{asked.sent_at.isoformat()}; look into the dead-letter queue",
                )
            )
            # Stopped and not failed: nothing was started, so a redrive may send it again.
            self._put(asked.position, RunState.STOPPED)

    def resends(self) -> tuple[InFlight, ...]:
        """The vaults whose message has to be sent once more."""
        return tuple(
            one for one in self._in_flight.values() if one.misses and one.misses % RESEND_EVERY == 0
        )

    # Showing -----------------------------------------------------------------------------

    def status(self) -> JsonObject:
        """The custom status: counts, and the first few positions that need somebody's eyes."""
        failed = list(self.ledger.positions(*FAILED_MARKS))[:SHOWN_POSITIONS]
        missing = [one.position for one in self._in_flight.values() if one.misses]
        return {
            "phase": self.phase.value,
            "cause": self.cause.value,
            "reason": self.reason,
            "total": len(self.ledger),
            "counts": {
                mark.name.lower(): self.ledger.counts[mark]
                for mark in Mark
                if self.ledger.counts[mark]
            },
            "round": self._round_no,
            "failed": failed,
            "missing": missing[:SHOWN_POSITIONS],
        }
