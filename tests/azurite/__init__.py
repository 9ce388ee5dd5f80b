"""Azurite, Microsoft's storage emulator, for the contract tests of the evidence store.

It is an npm package, installed into this folder by ``make azurite`` and by nothing else.
"""
