"""Wait until resource providers are registered, as the upgrade script did (vault-upgrade 1.9).

1. Ask for the registration.
2. Look every 10 s, for at most an hour. A failed read is asked again.
3. Give the last answer; what still waits then, waits for a person.

Continues as new every thirty looks, because replay cost grows with the square of them.
"""

from dataclasses import replace
from datetime import timedelta

from durabletask import task

from domain.codec import JsonObject, from_json, to_json, to_object
from domain.steps import RegistrationAnswer, RegistrationRequest
from orchestrators import names
from orchestrators.flow import Flow, call, now

# Both numbers are the upgrade script's own (vault-upgrade 1.9).
LOOK_INTERVAL = timedelta(seconds=10)
LOOK_LIMIT = timedelta(hours=1)
LOOKS_PER_HISTORY = 30


def await_providers(ctx: task.OrchestrationContext, request: JsonObject) -> Flow[JsonObject | None]:
    """Registers providers and waits for them.

    Args:
        ctx: The orchestration's context.
        request: ``to_json(RegistrationRequest)``.

    Returns:
        ``to_json(RegistrationAnswer)``.
    """
    wait = from_json(RegistrationRequest, request)
    if not wait.looks:
        yield from call(ctx, names.REGISTER_PROVIDERS, wait, RegistrationAnswer)
    for _ in range(LOOKS_PER_HISTORY):
        # Before the first look as well: no registration is done within the call that asks for it.
        yield ctx.create_timer(LOOK_INTERVAL)
        answer = yield from call(ctx, names.READ_PROVIDERS, wait, RegistrationAnswer)
        if not answer.waiting or now(ctx) - wait.asked_at >= LOOK_LIMIT:
            return to_object(answer)
    ctx.continue_as_new(to_json(replace(wait, looks=wait.looks + LOOKS_PER_HISTORY)))
    return None
