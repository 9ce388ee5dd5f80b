"""What can go wrong with a demo, apart from a vault that ends differently.

::

    VaultliftError
    └── DemoError               the demo could not be run
        ├── ChildDiedError      a process ended that must not
        └── NotReadyError       a process did not say that it is ready
"""

from domain.errors import VaultliftError


class DemoError(VaultliftError):
    """The demo could not be run."""


class ChildDiedError(DemoError):
    """A process ended although the demo still needs it."""


class NotReadyError(DemoError):
    """A process did not print its ready line in time."""
