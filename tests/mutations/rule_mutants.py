"""The guards of readings, times, replay and evidence, and the code without each of them."""

from tests.mutations.mutants import Mutant

READINGS = ("tests/unit/domain/test_readings.py", "tests/unit/domain/checks/test_time_zone.py")
ZONES = ("tests/unit/domain/test_zone_changes.py", "tests/unit/domain/checks/test_time_zone.py")
RUNS = ("tests/unit/orchestrators/test_evidence_trail.py",)

RULE_MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="what could not be read passes",
        rule="DESIGN 3.4",
        path="domain/readings.py",
        guard="        verdict=Verdict.UNKNOWN,",
        without="        verdict=Verdict.PASS,",
        tests=READINGS,
    ),
    Mutant(
        name="what could not be read is somebody's task",
        rule="DESIGN 3.4",
        path="domain/readings.py",
        guard="one.verdict in {Verdict.FAIL, Verdict.NOT_APPLICABLE}",
        without="one.verdict is not Verdict.PASS",
        tests=READINGS,
    ),
    Mutant(
        name="a statement holds although one machine could not be read",
        rule="DESIGN 3.4",
        path="domain/checklist.py",
        guard="    if Verdict.UNKNOWN in verdicts:",
        without="    if verdicts == {Verdict.UNKNOWN}:",
        tests=("tests/unit/domain/test_settlements.py",),
    ),
    Mutant(
        name="setting a zone moves the clock times",
        rule="DESIGN 3.6",
        path="domain/zone_changes.py",
        guard="    if mode is TimeZoneMode.KEEP_MOMENT:",
        without="    if mode is not None and policy.has_zone:",
        tests=ZONES,
    ),
    Mutant(
        name="a policy without a zone is taken to be in UTC",
        rule="DESIGN 3.6",
        path="domain/kept_moments.py",
        guard="    if policy.zone_state is not ZoneState.GIVEN:",
        without="    if (old := old or 'UTC') is None:",
        tests=ZONES,
    ),
    Mutant(
        name="an absent zone passes where UTC is expected",
        rule="DESIGN 3.6",
        path="domain/checks/time_zone.py",
        guard="        return Verdict.FAIL, text, to_do\n    # Before the expected zone",
        without="        return Verdict.PASS if expected == 'UTC' else Verdict.FAIL, text, to_do\n    #",
        tests=ZONES,
    ),
    Mutant(
        name="a workflow reads this machine's clock",
        rule="DESIGN 3.7",
        path="orchestrators/flow.py",
        guard="    return ctx.current_utc_datetime.replace(tzinfo=UTC)",
        without="    return datetime.now(UTC)",
        tests=("tests/unit/tools/test_check_determinism.py",),
    ),
    Mutant(
        name="what the classic list said is not kept",
        rule="DESIGN 3.8",
        path="activities/inspection.py",
        guard="    await keep_step(ports, run, request.step, classic)\n",
        without="",
        tests=RUNS,
    ),
    Mutant(
        name="who asked for what is kept only once the vault was found",
        rule="DESIGN 3.8",
        path="activities/inspection.py",
        guard="""    await keep_step(ports, run, "01-request", run.request)
    classic = await ports.classic.read_vault(run.request.vault)
""",
        without="""    classic = await ports.classic.read_vault(run.request.vault)
    await keep_step(ports, run, "01-request", run.request)
""",
        tests=RUNS,
    ),
    Mutant(
        name="a vault is confirmed and nothing of it kept",
        rule="DESIGN 3.8",
        path="activities/confirmation.py",
        guard='    await keep_step(ports, request.run, "08-confirmation", data)\n',
        without="",
        tests=RUNS,
    ),
    Mutant(
        name="a document that is there is written over",
        rule="DESIGN 3.8",
        path="adapters/evidence_folder.py",
        guard="            os.link(unfinished, path)",
        without="            os.replace(unfinished, path)",
        tests=("tests/unit/adapters/test_evidence_folder.py",),
    ),
)
