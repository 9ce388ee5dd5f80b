"""Who asks, where nobody was named: the account of this machine."""

import getpass

from domain.errors import ConfigurationError


def account_name() -> str:
    """The name of the account this runs under.

    Raises:
        ConfigurationError: It has none, as in a container that runs under a bare number.
    """
    try:
        return getpass.getuser()
    # Which of them depends on the platform, and on the version of Python.
    except (OSError, KeyError, ImportError) as error:
        raise ConfigurationError(
            "the account this runs under has no name, and whoever asks must have one",
            what_to_do="Set LOGNAME to the name of whoever asks.",
        ) from error
