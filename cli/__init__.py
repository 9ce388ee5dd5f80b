"""The ``vaultlift`` command: talks to the app over HTTP, never from inside."""
