"""``python -m local.demo``: upgrades the sample estate on this machine, through the real triggers.

Simulated Azure, the broker and the Functions host run as processes of their own; the upgrades are
handed in by the same ``vaultlift upgrade --follow`` a user types.
"""
