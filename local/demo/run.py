"""One demo, from an empty folder to the verdict.

1. Replace the folder of the last one.
2. Start simulated Azure and the broker, then the host with settings that point at both.
3. Hand the vaults in with ``vaultlift upgrade --follow`` and wait until all have ended.
4. Stop everything.
5. Write the reports from the evidence and compare every end with the declared one.
"""

import asyncio
import shutil
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cli.exit_codes import ExitCode
from cli.report import write_reports
from local.demo.errors import DemoError
from local.demo.expectations import compare, read_expected
from local.demo.plan import Plan
from local.demo.processes import Children, run_in_foreground, tail
from local.demo.summary import show, verdict_line

TIME_LIMIT_S = 300.0
"""For the upgrades themselves, real seconds. They need about half a minute; a laptop under load may
need more, and a demo that hangs must end by itself."""

MARKER = ".vaultlift-demo"
"""File that says a folder was made by the demo and may be replaced by the next one."""


def replace_folder(out: Path) -> None:
    """An empty ``out``; what an earlier demo left in it is removed.

    Raises:
        DemoError: The folder holds something that no demo made.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
        raise DemoError(
            "is not empty, and no demo made it; nothing was removed.",
            subject=str(out),
            what_to_do="Name another folder with --out.",
        )
    # Checked above: everything in it was made by a demo.
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARKER).touch()


async def _upgrade_all(plan: Plan, console: Console, time_limit_s: float) -> None:
    async with Children(plan.logs) as children:
        azure = await children.start(plan.azure)
        broker = await children.start(plan.broker)
        host = await children.start(plan.host(azure.ready, broker.ready))
        command = plan.client(host.ready)
        console.print(f"Everything runs on this machine; logs are in {plan.logs}.")
        try:
            code = await asyncio.wait_for(
                children.unless_one_dies(run_in_foreground(command, {})), time_limit_s
            )
        except TimeoutError as error:
            raise DemoError(
                f"not all vaults have ended after {time_limit_s:g} s; the host's log ends with\n"
                f"{tail(host.log)}",
                what_to_do=f"Look into {plan.logs}.",
            ) from error
    # The ends themselves are judged later, from the evidence; here only whether it could be done.
    if code in {ExitCode.TOOL_ERROR, ExitCode.INTERRUPTED} or code < 0:
        raise DemoError(
            f"`vaultlift upgrade` ended with exit code {code}; the host's log ends with\n"
            f"{tail(host.log)}",
            what_to_do=f"Look into {plan.logs}.",
        )


async def run(plan: Plan, console: Console, *, time_limit_s: float = TIME_LIMIT_S) -> bool:
    """Runs the demo; whether every vault ended as declared.

    Raises:
        DemoError: It could not be run; whatever was started has been stopped.
    """
    begun = time.monotonic()
    # First: what cannot be judged in the end is not worth a minute of waiting.
    expected = read_expected(plan.expected)
    replace_folder(plan.out)
    await _upgrade_all(plan, console, time_limit_s)
    # In a thread, because the command brings an event loop of its own.
    written = await asyncio.to_thread(
        write_reports, plan.evidence, plan.out, now=plan.clock.now, clock_rate=plan.clock_rate
    )
    comparisons = compare(expected, [entry.report for entry in written.report.vaults])
    show(console, comparisons)
    line = verdict_line(comparisons, time.monotonic() - begun)
    is_as_declared = all(one.is_as_expected for one in comparisons)
    console.print(f"[bold {'green' if is_as_declared else 'red'}]{escape(line)}[/]", soft_wrap=True)
    console.print(
        f"Report: {written.html} and {written.json}; evidence: {plan.evidence}", soft_wrap=True
    )
    return is_as_declared
