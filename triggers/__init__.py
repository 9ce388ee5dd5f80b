"""Who may start what: HTTP, the queue, timers. Each only validates, starts or asks."""
