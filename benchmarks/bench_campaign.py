"""How close campaigns come to the fastest schedule there is, for a thousand vaults.

Beside each other: the pure model of the plan, and the app's own workflows run in virtual time. Both
print the time until the last upgrade has ended over the lower bound.
"""

import argparse
import asyncio
import json
import time
from dataclasses import asdict
from pathlib import Path

from local.collector import ease_collection
from tests.soak.campaign_runs import run_campaign, run_failing_campaign
from tests.unit.domain.schedule_model import ratio


async def measure(vaults: int, windows: list[int]) -> list[dict[str, object]]:
    """One row per window and knowledge of sizes."""
    rows: list[dict[str, object]] = []
    for window in windows:
        for known in (True, False):
            begun = time.monotonic()
            run = await run_campaign(vaults, window, is_size_known=known)
            assert run.starts_per_vault == 1.0
            assert run.most_at_once <= window
            model = ratio(window, is_size_known=known, count=vaults)
            print(
                f"{vaults} vaults, window {window:>3}, sizes {'known  ' if known else 'unknown'}: "
                f"model {model:.3f}, workflows {run.ratio:.3f} of the bound "
                f"({run.makespan_h:.2f} h of {run.bound_h:.2f} h); "
                f"{time.monotonic() - begun:.0f} s",
                flush=True,
            )
            rows.append({**asdict(run), "ratio": run.ratio, "model": model})
    return rows


async def measure_failing(vaults: int) -> dict[str, object]:
    """A campaign of which 5 % fail, with 3 % tolerated."""
    run = await run_failing_campaign(vaults, 100, failing=0.05, tolerated_percent=3)
    print(
        f"{vaults} vaults, 5 % fail, 3 % tolerated: paused at {run.paused_with} failures, "
        f"resumed, ended with {run.ends}; trail {', '.join(run.trail)}"
    )
    return asdict(run)


def main() -> None:
    """Measures and writes the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vaults", type=int, default=1000)
    parser.add_argument("--windows", type=int, nargs="+", default=[10, 50, 100, 200])
    options = parser.parse_args()
    # Thousands of replayed histories live at once, and none of them is garbage.
    ease_collection()
    rows = asyncio.run(measure(options.vaults, options.windows))
    failing = asyncio.run(measure_failing(options.vaults))
    options.out.write_text(json.dumps({"runs": rows, "failing": failing}, indent=2) + "\n")


if __name__ == "__main__":
    main()
