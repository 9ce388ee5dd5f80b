"""Finds out whether a vault's upgrade may be started, and as which attempt (DESIGN rule 2)."""

from adapters.ports import EvidenceStore, Ports
from domain.retries import (
    Attempt,
    AttemptState,
    attempt_state,
    is_about_attempts,
    open_attempt,
    start_prefix,
)
from domain.steps import AttemptRequest


async def run_read_attempt(ports: Ports, request: AttemptRequest) -> Attempt:
    """The attempt that is open: the first one, or one that an instruction of Microsoft opened.

    Raises:
        EvidenceError: The attempts could not be read; then nothing may be started.
    """
    state = await read_attempts(ports.evidence, request.run.request.vault.key)
    return open_attempt(state, request.record)


async def read_attempts(evidence: EvidenceStore, vault_key: str) -> AttemptState:
    """What evidence holds about a vault's attempts.

    Raises:
        EvidenceError: It could not be read.
    """
    # Of the vault, not of the run: a failure bars every later run, whoever asked for it.
    keys = await evidence.list_keys(start_prefix(vault_key))
    documents = {
        # Read one by one and only those that tell of an attempt: a vault's start folder has many
        # markers.
        key: document
        for key in keys
        if is_about_attempts(key) and (document := await evidence.read(key)) is not None
    }
    return attempt_state(documents)
