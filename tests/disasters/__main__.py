"""``python -m tests.disasters``: plays every case, prints their count and what went wrong."""

import asyncio
import sys

from tests.disasters.cases import all_cases, faults_of, table
from tests.disasters.playing import play


async def main() -> int:
    """Plays them all; 1 if one ended wrong."""
    cases = all_cases()
    wrong = {str(case): faults for case in cases if (faults := faults_of(case, await play(case)))}
    print(table(cases))  # noqa: T201 - the point of the command
    for name, faults in wrong.items():
        print(f"WRONG {name}: {'; '.join(faults)}")  # noqa: T201
    print(f"{len(wrong):5}  ended wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    # The points are counted on a loop of their own, before this one runs.
    all_cases()
    sys.exit(asyncio.run(main()))
