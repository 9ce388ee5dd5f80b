"""What holds for every test."""

import signal


def pytest_configure() -> None:
    """Lets programs that tests start be interrupted, wherever the tests themselves run.

    A shell starts what it puts in the background with SIGINT ignored, and ignored signals are
    handed down to every child: Ctrl-C could not be tried there.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
