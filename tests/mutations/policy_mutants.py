"""The guards of a policy write, and what the code looks like without each of them."""

from tests.mutations.mutants import Mutant

POLICIES = "activities/policies.py"
RESULTS = "activities/policy_results.py"
ATTEMPT = "orchestrators/set_policy_zone.py"
ZONES = "domain/zone_changes.py"
WRITES = (
    "tests/unit/activities/test_policies.py",
    "tests/unit/activities/test_policy_results.py",
    "tests/unit/orchestrators/test_set_policy_zone.py",
    "tests/unit/orchestrators/test_settle_vault.py",
)
PLANS = ("tests/unit/domain/test_zone_changes.py", "tests/unit/domain/test_every_zone.py")

POLICY_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="a policy write is sent again by an activity that runs twice",
        rule="DESIGN 3.5",
        path=POLICIES,
        guard="    if await ports.evidence.read(attempt_key(change, SENT)) is not None:",
        without="    if await ports.evidence.read(attempt_key(change, SENT)) is change:",
        tests=WRITES,
    ),
    Mutant(
        name="two executions of one attempt both send",
        rule="DESIGN 3.5",
        path=POLICIES,
        guard="    if not marker.is_new:",
        without="    if marker is None:",
        tests=WRITES,
    ),
    Mutant(
        name="another editor's change just before the write is overwritten",
        rule="DESIGN 3.5",
        path=POLICIES,
        guard="    strays = diff_documents(before, await _read(ports, change))",
        without="    strays = diff_documents(before, before)",
        tests=WRITES,
    ),
    Mutant(
        name="what is sent does not belong to the before-image that was kept",
        rule="DESIGN 3.5",
        path=POLICIES,
        guard='    if diff_documents(kept.document["data"]["before"], before):',
        without="    if diff_documents(before, before):",
        tests=WRITES,
    ),
    Mutant(
        name="the fifty-first edit of a day is sent",
        rule="DESIGN 3.5",
        path=POLICIES,
        guard="    if free_at is not None:",
        without="    if free_at is change:",
        tests=WRITES,
    ),
    Mutant(
        name="a policy that changed since its plan was agreed to is written",
        rule="DESIGN 3.3",
        path=POLICIES,
        guard="    if change.agreed and words != change.agreed:",
        without="    if not words:",
        tests=WRITES,
    ),
    Mutant(
        name="a legacy policy is sent although the service takes no change of it",
        rule="recovery-services 1.4",
        path=POLICIES,
        guard="    if problem is not None:",
        without="    if problem is change:",
        tests=WRITES,
    ),
    Mutant(
        name="the service's 200 is taken for the effect",
        rule="DESIGN 3.5",
        path=RESULTS,
        guard="    if not strays:",
        without="    if strays is not None:",
        tests=WRITES,
    ),
    Mutant(
        name="a lost write is sent again after the first look",
        rule="DESIGN 3.5",
        path=RESULTS,
        guard="    if not check.is_last:",
        without="    if check is None:",
        tests=WRITES,
    ),
    Mutant(
        name="a lost answer is not looked for",
        rule="DESIGN 3.5",
        path=ATTEMPT,
        guard="    if write.outcome in {WriteOutcome.SENT, WriteOutcome.UNKNOWN}:",
        without="    if write.outcome is WriteOutcome.SENT:",
        tests=WRITES,
    ),
    Mutant(
        name="what is accepted is not followed",
        rule="DESIGN 3.5",
        path=ATTEMPT,
        guard="        write = yield from _follow(ctx, change, write)",
        without="        write = replace(write, outcome=WriteOutcome.SENT)",
        tests=WRITES,
    ),
    Mutant(
        name="a diagnostic setting that was not shown is made",
        rule="DESIGN 3.3",
        path="orchestrators/settle_vault.py",
        guard="    if run.may_write and run.makes_reports:",
        without="    if run.may_write and run.settle.diagnostics_workspace:",
        tests=WRITES,
    ),
    Mutant(
        name="a zone that is written in another case is written again",
        rule="DESIGN 3.5",
        path=ZONES,
        guard="    if policy.raw_zone is not None and find_windows_zone(policy.raw_zone) == zone:",
        without="    if policy.raw_zone == zone:",
        tests=PLANS,
    ),
)
"""Every guard between a plan and the policy that it changes."""
