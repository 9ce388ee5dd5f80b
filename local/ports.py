"""The port that a command line names, the same for every server here."""

import argparse

LAST_PORT = 65_535
"""TCP numbers ports with 16 bits."""


def port_number(text: str) -> int:
    """The port an argument names.

    Raises:
        argparse.ArgumentTypeError: No port has this number.
    """
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to {LAST_PORT}")
    return int(text)
