"""What may stand in the query of a call: its api-version, and the names the operation knows.

Resource Manager passes over names it does not know; simulated Azure refuses them, so that a
misspelt filter is not taken for a list without one (ADR 10).
"""

from datetime import date

from local.azure.exchange import Call, NotUnderstood, ServiceRefusal
from local.azure.router import Api

# The first that recorded clients ask for, and the newest there is (recovery-services 0).
# Which days between have one, a preview or both, is not told: any date is taken, as either.
FIRST_VERSION, LAST_VERSION = date(2016, 5, 1), date(2026, 11, 1)
_PREVIEW = "-preview"
_VERSION = "api-version"
# Of everything else the one version whose bodies are known (vault-upgrade 2.6, 2.7;
# recovery-services 6.3): those of another version would be made up.
_VERSIONS = {
    "subscription": "2022-12-01",
    **dict.fromkeys(("groups", "provider"), "2021-04-01"),
    "feature": "2021-07-01",
    "resources": "2013-03-01",
    **dict.fromkeys(("classic-vault", "classic-containers", "classic-unregister"), "2015-03-15"),
    "classic-storage": "2015-03-15",
    "classic-policies": "2014-09-01",
    "diagnostics": "2021-05-01-preview",
}
_FILTERED = frozenset({"$filter"})
_PAGED = frozenset({"$skipToken"})
_NAMES = {
    **dict.fromkeys(("vaults", "vaults-of-group", "groups"), _PAGED),
    **dict.fromkeys(("policies", "containers", "engines", "items"), _FILTERED | _PAGED),
    **dict.fromkeys(("jobs", "protectable-items"), _FILTERED | _PAGED),
    **dict.fromkeys(("usage-summaries", "classic-containers"), _FILTERED),
    "resources": _FILTERED | _PAGED | {"$top"},
}


def demand_known(call: Call, api: Api) -> None:
    """Every name of the query is one that the operation reads.

    Raises:
        NotUnderstood: One is not.
    """
    known = set(_NAMES.get(call.route, ()))
    # The upgrade calls have no query at all: their version is in a header (vault-upgrade 2.0).
    if api is Api.ARM or call.route == "classic-list":
        known.add(_VERSION)
    unknown = sorted(call.query.keys() - known)
    if unknown:
        raise NotUnderstood(f"the query parameter {unknown[0]} of {call.method} {call.path}")


def demand_api_version(call: Call) -> None:
    """Every ARM call names its api-version, and one that there is.

    Raises:
        ServiceRefusal: 400, it is missing, or there is none of that name.
    """
    version = call.query.get(_VERSION)
    if not version:
        raise ServiceRefusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    wanted = _VERSIONS.get(call.route)
    if not (version == wanted if wanted else _is_of_vaults(version)):
        supported = wanted or f"{FIRST_VERSION} to {LAST_VERSION}"
        raise ServiceRefusal(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{supported}'.",
        )


def _is_of_vaults(version: str) -> bool:
    day = version.removesuffix(_PREVIEW)
    try:
        told = date.fromisoformat(day)
    except ValueError:
        return False
    # Python reads 20250801 as a date, too.
    return FIRST_VERSION <= told <= LAST_VERSION and day == told.isoformat()
