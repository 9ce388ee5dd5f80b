"""Simulated Azure: the classic API, ARM, Log Analytics and tokens over plain HTTP on loopback.

Every answer has the shape of a recorded or published body (facts: vault-upgrade 2-4,
recovery-services 0-6). State follows from virtual time, so nothing runs in the background; what is
not known is refused loudly and listed under ``/admin/refused``.
"""
