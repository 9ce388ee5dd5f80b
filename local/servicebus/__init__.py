"""A Service Bus namespace on the loopback interface, for the unmodified azure-servicebus client.

One way through, outermost first: ``server`` opens the port, ``connection`` speaks AMQP 1.0 frames,
``routing`` decides what a link is for, ``queues`` and its parts decide what becomes of a message.
Everything from ``queues`` inwards does no I/O and reads time from a
:class:`~local.servicebus.timeline.Timeline`, so the rules can be tested with a fake clock.
"""
