"""Sets Python's garbage collector for programs that keep thousands of things alive for long."""

import gc

YOUNG_OBJECTS = 50_000
"""New containers before the young are looked through; Python's own 2,000 made it a
quarter of all CPU with 10,000 vaults in flight (`benchmarks/bench_engine.py`)."""


def ease_collection() -> None:
    """Looks for unreachable cycles less often, and never among what is loaded by now.

    A vault in flight is some hundred objects that live for hours and hardly form cycles: looking
    through them again and again finds nothing. Call it once, when everything is imported.
    """
    _, middle, old = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, middle, old)
