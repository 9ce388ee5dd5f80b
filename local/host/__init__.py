"""Runs any Python function app folder on one machine, as the Azure Functions host would.

The official worker runtime indexes, binds and invokes the app in this process (:mod:`.runtime`);
listeners feed it: HTTP (:mod:`.http_edge`), Service Bus (:mod:`.service_bus`), timers
(:mod:`.timers`) and durable work items (:mod:`.durable`) from an engine (:mod:`.engine`).
:mod:`.host` starts and stops them; ``python -m local.host --help`` tells how.
"""
