"""A durable task hub in one SQLite file, behind Microsoft's gRPC contract (durable-2x 3).

::

    service  (gRPC edge)   engine  (in-process edge for local/host)
          └───────┬────────────┘
                 hub ── writer    one thread, group commit; runs management, turns, timers
                  │ └── reader    one thread, committed state only; runs queries
                  └──── dispatch  who works on what; changed by committed effects only

Nothing starts before the transaction that asked for it is on the disk: a command only *lists* what
it sets in motion (:mod:`local.taskhub.transaction`), and the list is acted upon after the commit.
"""
