"""Registers resource providers, once somebody has agreed, and sees how far that is."""

from activities.evidence import keep_step
from adapters.ports import Ports
from domain.steps import RegistrationAnswer, RegistrationRequest
from domain.subscription_checks import provider_state


async def run_register_providers(ports: Ports, request: RegistrationRequest) -> RegistrationAnswer:
    """Asks for the registration of every provider; asking twice is harmless.

    Raises:
        ServiceError: One was refused.
        EvidenceError: What was asked for could not be kept.
    """
    subscription_id = request.run.request.vault.subscription_id
    await keep_step(ports, request.run, "05-registration-asked", request)
    states = []
    for namespace in request.namespaces:
        # Also for a provider that is registered by now: the service answers with its state either
        # way.
        reading = await ports.subscriptions.register_provider(subscription_id, namespace)
        states.append((namespace, provider_state(reading.value)))
    return RegistrationAnswer(states=tuple(states))


async def run_read_providers(ports: Ports, request: RegistrationRequest) -> RegistrationAnswer:
    """Reads the state of every provider; the look that finds all registered is kept.

    Raises:
        ServiceError: One could not be read.
    """
    subscription_id = request.run.request.vault.subscription_id
    states = []
    for namespace in request.namespaces:
        reading = await ports.subscriptions.read_provider(subscription_id, namespace)
        states.append((namespace, provider_state(reading.value)))
    answer = RegistrationAnswer(states=tuple(states))
    if not answer.waiting:
        await keep_step(ports, request.run, "05-registration", answer)
    return answer
