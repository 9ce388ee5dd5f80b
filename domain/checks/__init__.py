"""The checks of the nightly audit, one per file."""
