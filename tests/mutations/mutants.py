"""The guards, and what the code looks like without each of them."""

from dataclasses import dataclass

STARTING = "activities/starting.py"
RULE_1 = ("tests/unit/activities/test_starting.py", "tests/unit/orchestrators/test_disasters.py")
RULE_2 = ("tests/unit/orchestrators/test_retry.py", "tests/unit/domain/test_retries.py")
RULE_3 = ("tests/unit/domain/test_plans.py", "tests/unit/orchestrators/test_upgrade_vault.py")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """The code without one guard.

    The calls stay, and only what is made of their answers is taken out: a test that merely counts
    calls must not pass for one that guards something.
    """

    name: str
    """What is taken out."""
    rule: str
    path: str
    guard: str
    """Text of the guard; stands in the file exactly once."""
    without: str
    tests: tuple[str, ...]
    """Where a test has to fail."""


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="the intent is not kept before the start",
        rule="DESIGN 3.1",
        path=STARTING,
        guard='    return str(entry.document["data"]["operationId"])',
        without="    return request.operation_id",
        tests=RULE_1,
    ),
    Mutant(
        name="the markers of earlier sends are not heeded",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="    if not await _may_send(ports, request, folder, marked_at):",
        without="    if await _may_send(ports, request, folder, marked_at) is None:",
        tests=RULE_1,
    ),
    Mutant(
        name="the grace period is not waited for",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="        if marked_at - sent_at < START_GRACE:",
        without="        if marked_at < sent_at:",
        tests=RULE_1,
    ),
    Mutant(
        name="the grace period is measured by this machine's clock",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="    return classic.answered_at or ports.clock.now()",
        without="    return ports.clock.now()",
        tests=("tests/unit/orchestrators/test_disasters.py",),
    ),
    Mutant(
        name="a send that was held up leaves all the same",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="    if _moment(ports, classic) - marked_at > SEND_WITHIN:",
        without="    if False:",
        tests=RULE_1,
    ),
    Mutant(
        name="of two that leave a marker, both send",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="    return entry.is_new",
        without="    return True",
        tests=RULE_1,
    ),
    Mutant(
        name="the record in the list is not heeded before the start",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="    if record is not None:\n        return _judge(operation_id, record)\n    # The workflow",
        without="    # The workflow",
        tests=RULE_1,
    ),
    Mutant(
        name="a refusal does not make it look for somebody faster",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="        return await _judge_refusal(ports, request, operation_id, str(refused))",
        without=(
            "        return StartAnswer(kind=StartKind.REFUSED, operation_id=operation_id,\n"
            "            record=None, reasons=(str(refused),))"
        ),
        tests=RULE_1,
    ),
    Mutant(
        name="a lost answer counts as a refusal",
        rule="DESIGN 3.1",
        path=STARTING,
        guard="    except (OutcomeUnknownError, UnavailableError, ThrottledError) as unclear:",
        without="    except (UnavailableError, ThrottledError) as unclear:",
        tests=(*RULE_1, "tests/unit/orchestrators/test_upgrade_vault.py"),
    ),
    Mutant(
        name="the start goes through the pipeline that repeats",
        rule="DESIGN 3.1",
        path="adapters/classic_api.py",
        guard="self._clients.get().classic_writer(), request)",
        without='self._clients.get().classic_reader(), request, retry_on_methods=["POST"])',
        tests=("tests/integration/adapters/test_classic_vaults.py",),
    ),
    Mutant(
        name="a check that fails because somebody has started stops the run",
        rule="DESIGN 3.1",
        path="orchestrators/upgrade_vault.py",
        guard="    if agreement.end is RunState.BLOCKED:",
        without="    if False:",
        tests=("tests/unit/orchestrators/test_disasters.py",),
    ),
    Mutant(
        name="a failure on record does not bar the start",
        rule="DESIGN 3.2",
        path=STARTING,
        guard='    if await ports.evidence.read(f"{folder}/failed.json") is not None:',
        without='    if await ports.evidence.read(f"{folder}/failed.json") == {}:',
        tests=(*RULE_1, *RULE_2),
    ),
    Mutant(
        name="a failed record of the list does not bar the start",
        rule="DESIGN 3.2",
        path="domain/retries.py",
        guard=(
            "        may_start=number not in state.failed"
            " and not _is_other_failure(record, superseded),"
        ),
        without="        may_start=number not in state.failed,",
        tests=RULE_2,
    ),
    Mutant(
        name="an instruction serves any failure",
        rule="DESIGN 3.2",
        path="domain/retries.py",
        guard="    return superseded is not None and is_failed and record.operation_id == superseded",
        without="    return superseded is not None and is_failed",
        tests=RULE_2,
    ),
    Mutant(
        name="an instruction is not used up by its attempt",
        rule="DESIGN 3.2",
        path="domain/retries.py",
        guard=(
            "        may_start=number not in state.failed"
            " and not _is_other_failure(record, superseded),"
        ),
        without="        may_start=True,",
        tests=RULE_2,
    ),
    Mutant(
        name="a second attempt starts without an instruction on record",
        rule="DESIGN 3.2",
        path=STARTING,
        guard="    if not await _is_authorized(ports, request, folder):",
        without="    if False:",
        tests=RULE_1,
    ),
    Mutant(
        name="the end of the failed attempt counts for the next one",
        rule="DESIGN 3.2",
        path="activities/operations.py",
        guard="    if record is not None and is_superseded(record, request.superseded):",
        without="    if False:",
        tests=RULE_2,
    ),
    Mutant(
        name="a failure that only the operation told does not count",
        rule="DESIGN 3.2",
        path="orchestrators/upgrade_vault.py",
        guard="    is_told = trip.waited is not None and trip.waited.has_failed",
        without="    is_told = False",
        tests=RULE_2,
    ),
    Mutant(
        name="the failure of an adopted attempt counts for an earlier one",
        rule="DESIGN 3.2",
        path="activities/operations.py",
        guard="    return max(request.attempt, attempts.number)",
        without="    return request.attempt",
        tests=RULE_2,
    ),
    Mutant(
        name="an approval of another plan counts",
        rule="DESIGN 3.3",
        path="domain/plans.py",
        guard="    if approval.plan_hash != plan_hash:",
        without="    if False:",
        tests=RULE_3,
    ),
    Mutant(
        name="a changed plan is not asked about again",
        rule="DESIGN 3.3",
        path="orchestrators/agree.py",
        guard="        if approved_hash == plan.plan_hash or",
        without="        if approved_hash or",
        tests=("tests/unit/orchestrators/test_agreement.py",),
    ),
    Mutant(
        name="a machine is unregistered before anybody has approved",
        rule="DESIGN 3.3",
        path="domain/lost_machines.py",
        guard="        gravity=Gravity.WARNING,",
        without="        gravity=Gravity.NOTE,",
        tests=("tests/unit/orchestrators/test_lost_machines.py",),
    ),
    Mutant(
        name="a number is unregistered whoever it belongs to by now",
        rule="DESIGN 3.3",
        path="activities/lost_machines.py",
        guard="        if await _is_still(ports, machine):",
        without="        if await _is_still(ports, machine) is not None:",
        tests=("tests/unit/activities/test_lost_machines.py",),
    ),
    Mutant(
        name="an approval signed for one run counts for another",
        rule="DESIGN 3.3",
        path="domain/signatures.py",
        guard='    signed = f"{moment}.{instance_id}.".encode() + body',
        without='    signed = f"{moment}.".encode() + body',
        tests=("tests/unit/domain/test_signatures.py", "tests/unit/triggers/test_webhooks.py"),
    ),
    Mutant(
        name="who asked may approve",
        rule="DESIGN 3.3",
        path="domain/plans.py",
        guard="    if _person(approval.approver) == _person(requested_by):",
        without="    if False:",
        tests=RULE_3,
    ),
    Mutant(
        name="what could not be read needs nobody's consent",
        rule="DESIGN 3.4",
        path="domain/prechecks.py",
        guard="        return self.gravity in {Gravity.WARNING, Gravity.UNKNOWN}",
        without="        return self.gravity is Gravity.WARNING",
        tests=("tests/unit/orchestrators/test_agreement.py",),
    ),
)
"""Every guard of the start, the retry and the approval."""
