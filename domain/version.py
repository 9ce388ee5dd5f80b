"""The version of vaultlift, for evidence and support bundles."""

VERSION = "0.1.0"
"""The same as in pyproject.toml; a test holds the two together."""
