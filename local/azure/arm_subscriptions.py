"""Subscriptions themselves: state and offer, resource groups, resource providers, features.

Shapes of these calls are ARM's usual ones (vault-upgrade 2.6); a registration takes the time the
estate gives it.
"""

from local.azure.arm_common import demand_subscription, page
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.names import location_of, stable_guid
from local.azure.subscriptions import REGISTERED, Subscription

_TENANT = "tenant"


def read(call: Call) -> Answer:
    """The subscription."""
    subscription = _subscription(call)
    return json_answer(
        {
            "id": f"/subscriptions/{subscription.id}",
            "subscriptionId": subscription.id,
            "tenantId": stable_guid(_TENANT, subscription.id),
            "displayName": subscription.name,
            "state": subscription.state,
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": subscription.quota_id,
                "spendingLimit": "Off",
            },
            "authorizationSource": "RoleBased",
        }
    )


def list_groups(call: Call) -> Answer:
    """Every resource group: those of the estate, and those that upgrades have made."""
    subscription = _subscription(call)
    names = {group.lower(): (group, subscription.location) for group in subscription.groups}
    # The service makes the target group during the upgrade, so it is there from then on (1.3).
    for vault in call.state.vaults_of(subscription.id):
        group = vault.resource_group
        if group is not None:
            names.setdefault(group.lower(), (group, location_of(vault.region)))
    rows = [
        {
            "id": f"/subscriptions/{subscription.id}/resourceGroups/{name}",
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
        for name, location in names.values()
    ]
    return page(call, rows)


def read_provider(call: Call) -> Answer:
    """A resource provider with the state of its registration."""
    return _provider(call, _subscription(call))


def register_provider(call: Call) -> Answer:
    """Begins a registration; one that is done or on its way stays as it is."""
    subscription = _subscription(call)
    namespace = _known_namespace(call, subscription)
    # Asked twice, the first registration goes on; it does not begin anew.
    if subscription.provider_state(namespace, call.now) not in {REGISTERED, "Registering"}:
        subscription.registered_from[namespace] = call.now + subscription.registration_takes
    return _provider(call, subscription)


def read_feature(call: Call) -> Answer:
    """A preview feature of a provider."""
    subscription, feature = _subscription(call), call.params["feature"]
    # A feature that is not known is not the same as one that is not registered (1.1).
    names = {name.lower(): name for name in subscription.features}
    namespace = call.params["namespace"]
    if feature.lower() not in names:
        raise ServiceRefusal(
            404,
            "FeatureNotFound",
            f"The feature '{feature}' of the namespace '{namespace}' could not be found.",
        )
    name = names[feature.lower()]
    owner = f"/subscriptions/{subscription.id}/providers/Microsoft.Features"
    return json_answer(
        {
            "id": f"{owner}/providers/{namespace}/features/{name}",
            "name": f"{namespace}/{name}",
            "type": "Microsoft.Features/providers/features",
            "properties": {"state": subscription.features[name]},
        }
    )


def _subscription(call: Call) -> Subscription:
    return call.state.subscription(demand_subscription(call))


def _known_namespace(call: Call, subscription: Subscription) -> str:
    namespace = call.params["namespace"]
    names = {name.lower(): name for name in subscription.providers}
    if namespace.lower() not in names:
        raise ServiceRefusal(
            404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid."
        )
    return names[namespace.lower()]


def _provider(call: Call, subscription: Subscription) -> Answer:
    namespace = _known_namespace(call, subscription)
    return json_answer(
        {
            "id": f"/subscriptions/{subscription.id}/providers/{namespace}",
            "namespace": namespace,
            "resourceTypes": [],
            "registrationState": subscription.provider_state(namespace, call.now),
            "registrationPolicy": "RegistrationRequired",
        }
    )
