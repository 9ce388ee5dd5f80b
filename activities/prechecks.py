"""Looks at everything besides the service's own check that may stand against an upgrade."""

from collections.abc import Awaitable, Callable, Sequence

from activities.before_images import keep_before_image
from activities.evidence import keep_step
from activities.lost_machines import find_lost_machines
from adapters.ports import Ports
from domain.codec import JsonObject
from domain.errors import NotFoundError, ServiceError, ThrottledError, UnavailableError
from domain.lost_machine import LostMachine
from domain.lost_machines import LostMachines, without_settled
from domain.prechecks import REGISTERED, CheckContext, CheckReason, CheckResult, Gravity
from domain.readings import Attempt, FailedRead
from domain.service_reasons import service_reasons
from domain.steps import PrecheckRequest
from domain.subscription_checks import (
    FEATURE,
    PROVIDERS,
    RECOVERY_SERVICES,
    judge_feature,
    judge_provider,
    judge_subscription,
    provider_state,
)
from domain.target_checks import judge_group, judge_same_name
from domain.vaults import Provenance, Reading


async def run_read_prechecks(ports: Ports, request: PrecheckRequest) -> CheckResult:
    """Reads subscription, providers, feature, groups and vaults, and joins what the service said.

    What cannot be read becomes a reason of its own: somebody has to agree to go on without it.

    Raises:
        ServiceError: A service was away or too busy; the step is repeated.
        EvidenceError: The result could not be kept.
    """
    context = _context(request)
    gathered = _Gathered([request.check.provenance], list(service_reasons(request.check)))
    # First of the looks, for it takes reasons back, and only the service's stand there yet.
    await _look_at_lost_machines(ports, request, gathered)
    await _look_at_subscription(ports, context, gathered)
    await _look_at_target(ports, request, gathered)
    gathered.reasons += [_incomplete(one) for one in await keep_before_image(ports, request)]
    result = CheckResult(
        reasons=tuple(gathered.reasons),
        to_register=tuple(gathered.to_register),
        to_unregister=tuple(gathered.to_unregister),
        sources=tuple(gathered.sources),
    )
    await keep_step(ports, request.run, f"03-checks-{request.check_no}", result)
    return result


def _context(request: PrecheckRequest) -> CheckContext:
    asked = request.run.request
    return CheckContext(
        classic=request.classic,
        check=request.check,
        target_group=asked.target_resource_group,
        create_group=asked.create_resource_group,
        register_providers=asked.register_providers,
    )


class _Gathered:
    """What the looks have brought so far."""

    def __init__(self, sources: list[Provenance], reasons: list[CheckReason]) -> None:
        self.sources = sources
        self.reasons = reasons
        self.to_register: list[str] = []
        self.to_unregister: list[LostMachine] = []

    def take[T](
        self, read: Attempt[T], judge: Callable[[T], Sequence[CheckReason]], rule: str
    ) -> None:
        """Judges a reading, or says that there is none."""
        if isinstance(read, FailedRead):
            self.reasons.append(_unread(read, rule))
            return
        self.sources.append(read.provenance)
        # First the judgement, which may take reasons of others back.
        found = judge(read.value)
        self.reasons += found


async def _attempt[T](what: str, read: Awaitable[Reading[T]]) -> Attempt[T]:
    """The reading, or why there can be none.

    Raises:
        UnavailableError, ThrottledError: It may go better the next time, so the step is repeated.
    """
    try:
        return await read
    # Passed on: a person should not be asked to agree to what a minute's patience would answer.
    except (UnavailableError, ThrottledError):
        raise
    except ServiceError as failure:
        return FailedRead.of(what, failure)


def _unread(failed: FailedRead, rule: str) -> CheckReason:
    return CheckReason(
        code="NotRead",
        gravity=Gravity.UNKNOWN,
        message=f"{failed.what} could not be read",
        what_to_do="Give the app's identity the role Reader on the subscription and run the vault "
        f"again, or approve the plan without having seen it. The service said: {failed.reason}",
        source=failed.what,
        rule=rule,
    )


def _incomplete(what: str) -> CheckReason:
    return CheckReason(
        code="BeforeImageIncomplete",
        gravity=Gravity.NOTE,
        message=f"what the classic vault looked like could not be kept: {what}",
        what_to_do="Note its policies and machines by hand if they matter; after the upgrade the "
        "classic vault cannot be viewed.",
        source="classic vault",
        rule="vault-upgrade 1.7",
    )


async def _look_at_lost_machines(
    ports: Ports, request: PrecheckRequest, gathered: _Gathered
) -> None:
    # Read only where somebody asks for it: an upgrade as such needs no machine's name.
    if not request.run.request.unregister_machines:
        return
    lost = await _attempt("the machines of the vault", find_lost_machines(ports, request))

    def judge(found: LostMachines) -> Sequence[CheckReason]:
        gathered.to_unregister += found.found
        gathered.reasons = without_settled(gathered.reasons, found.found)
        return found.reasons

    gathered.take(lost, judge, "vault-upgrade 1.2")


async def _look_at_subscription(ports: Ports, context: CheckContext, gathered: _Gathered) -> None:
    arm, subscription_id = ports.subscriptions, context.classic.ref.subscription_id
    subscription = await _attempt("the subscription", arm.read_subscription(subscription_id))
    gathered.take(subscription, judge_subscription, "vault-upgrade 1.1")
    for namespace in PROVIDERS:
        read = arm.read_provider(subscription_id, namespace)
        provider = await _attempt(f"resource provider {namespace}", read)

        # Bound as a default: a closure would see the last namespace of the loop in each of them.
        def judge(document: JsonObject, namespace: str = namespace) -> list[CheckReason]:
            # Noted whether or not anybody has agreed: what is registered in the end is what the
            # plan names.
            if provider_state(document) != REGISTERED:
                gathered.to_register.append(namespace)
            return [judge_provider(context, namespace, document)]

        gathered.take(provider, judge, "vault-upgrade 1.9")
    feature = await _attempt(
        "feature VaultUpgrade",
        _if_known(ports, arm.read_feature(subscription_id, RECOVERY_SERVICES, FEATURE)),
    )
    gathered.take(feature, judge_feature, "vault-upgrade 1.1")


async def _look_at_target(ports: Ports, request: PrecheckRequest, gathered: _Gathered) -> None:
    context, target = _context(request), request.run.request.target
    groups = await _attempt(
        "the resource groups", ports.subscriptions.list_groups(target.subscription_id)
    )
    gathered.take(groups, lambda rows: judge_group(context, rows), "vault-upgrade 1.3")
    read = _if_known(ports, ports.recovery_services.read_vault(target))
    vault = await _attempt("the target vault", read)
    gathered.take(vault, lambda found: judge_same_name(target, found), "vault-upgrade 1.3")


async def _if_known(
    ports: Ports, read: Awaitable[Reading[JsonObject]]
) -> Reading[JsonObject | None]:
    """The reading; a value of None where the service says that there is no such thing."""
    try:
        reading = await read
    except NotFoundError as unknown:
        source = Provenance(
            source=unknown.subject or "", request_id=unknown.request_id, read_at=ports.clock.now()
        )
        return Reading(value=None, provenance=source)
    return Reading(value=reading.value, provenance=reading.provenance)
