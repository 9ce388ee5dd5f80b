"""The steps that touch the world: a pure body each, ``run_x(ports, request) -> result``."""
