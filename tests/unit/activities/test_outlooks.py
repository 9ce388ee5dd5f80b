"""A settlement's report reads back from evidence what became of each policy."""

from activities.outlooks import read_outlooks
from activities.policies import run_write_policy_zone
from activities.policy_results import run_check_policy_write
from activities.time_zones import run_plan_time_zones
from domain.settling import PolicyCheck
from tests.unit.activities.policy_worlds import PREFIX, change, settle, world


async def test_a_written_policy_is_told_with_its_times_and_the_way_back() -> None:
    """Found without a zone, planned, written, read back."""
    ports, _, _ = world()
    await run_plan_time_zones(ports, settle())
    await run_write_policy_zone(ports, change())
    await run_check_policy_write(
        ports, PolicyCheck(change=change(), was_answered=True, is_last=False)
    )

    (found,) = await read_outlooks(ports, PREFIX)

    assert ("change", "changed", "a zone it does not name", True, True) == (
        found.decision,
        found.written,
        found.now[0].partition("clock of ")[2].rstrip("."),
        "Pacific Standard Time" in found.then[0] and "clocks change" in found.then[0],
        await ports.evidence.read(found.undo) is not None,
    )


async def test_a_plan_that_was_not_carried_out_has_no_write() -> None:
    """A dry run: planned, and nothing tried."""
    ports, _, _ = world()
    await run_plan_time_zones(ports, settle(is_dry_run=True))

    (found,) = await read_outlooks(ports, PREFIX)

    assert ("change", "", "") == (found.decision, found.written, found.undo)


async def test_a_settlement_without_a_plan_tells_of_no_policy() -> None:
    """The vault was left alone, or could not be read."""
    ports, _, _ = world()

    assert () == await read_outlooks(ports, PREFIX)
