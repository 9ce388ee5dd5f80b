"""The shapes of what the HTTP API answers; ``docs/reference/openapi.json`` is made from them.

The functions that build an answer return these types, so that the type checker holds code and
document together. Members are spelt as they are sent.
"""
