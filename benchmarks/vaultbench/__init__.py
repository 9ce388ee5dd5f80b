"""One workload, shaped like the upgrade of a vault, run by several engines.

A vault is 17 calls of a back end that costs nothing: five in sequence, the start of the upgrade,
three polls with a timer before each, four in parallel, four in sequence. Each ``run_*`` module runs
N vaults at once on one engine in a fresh process and prints one JSON line.
"""
