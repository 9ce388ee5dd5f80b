"""The classic management API: list, check, start, track (vault-upgrade 2).

What no source tells is chosen here and marked: the status of a check that fails (400), of a start
the record forbids (409, shape B), and tracking where nothing was ever started (404).
"""

from email.utils import format_datetime

from adapters.safe_xml import UnsafeXmlError, parse_xml
from local.azure import classic_xml, upgrades
from local.azure.exchange import Answer, Call, NotUnderstood, ServiceRefusal
from local.azure.model import RecordStatus, Vault
from local.azure.moments import ticks_of

VERSION = "2013-03-01"
"""The only value of ``x-ms-version`` the upgrade calls are known to take."""
LIST_API_VERSION = "2015-02-10"
MAX_BODY = 64 * 1024
"""A start body has some 300 bytes; more is not one."""

_PATH_TAG = f"{{{classic_xml.WINDOWS_AZURE}}}NewResourcePath"
_ROOT_TAG = f"{{{classic_xml.WINDOWS_AZURE}}}ResourceUpgradeInput"


def list_cloud_services(call: Call) -> Answer:
    """Every classic vault of a subscription."""
    _demand_version(call)
    if call.query.get("api-version") != LIST_API_VERSION:
        raise ServiceRefusal(
            400, "BadRequest", f"The api-version must be {LIST_API_VERSION} for this resource."
        )
    subscription = call.params["subscription"]
    if not call.state.has_subscription(subscription):
        raise ServiceRefusal(
            404, "SubscriptionNotFound", f"The subscription {subscription} was not found."
        )
    services = call.state.cloud_services(subscription)
    text = classic_xml.cloud_services(services, ticks_of(call.now))
    return _answer(call, text, is_list=True)


def check_prerequisites(call: Call) -> Answer:
    """Whether the vault may be upgraded; changes nothing."""
    vault = _vault(call)
    reasons = upgrades.prerequisite_reasons(call.state, vault, _target_path(call), call.now)
    # Warnings alone are no success either: the client looks for them in answers that are not 200
    # only (vault-upgrade 2.2).
    if not reasons:
        return _answer(call, classic_xml.NO_ERROR)
    message = "The prerequisites of the vault upgrade are not met."
    text = classic_xml.upgrade_error("VaultUpgradePrerequisitesFailed", message, reasons)
    return _answer(call, text, status=400)


def start_upgrade(call: Call) -> Answer:
    """Starts the upgrade; its OperationId is the caller's client request id (2.3)."""
    vault = _vault(call)
    target = _target_path(call)
    # The record comes first: a vault under way is refused for that, whatever else is wrong.
    refusal = upgrades.start_refusal(vault, call.now)
    if refusal is not None:
        return _answer(call, classic_xml.start_error(*refusal), status=409)
    reasons = upgrades.prerequisite_reasons(call.state, vault, target, call.now)
    # Calling the start is the consent to what is only warned of: the body has no field for it.
    errors = [reason for reason in reasons if reason.severity != "Warning"]
    if errors:
        message = "The prerequisites of the vault upgrade are not met."
        text = classic_xml.upgrade_error("VaultUpgradePrerequisitesFailed", message, errors)
        return _answer(call, text, status=400)
    # Not an id of ours: in both recordings the operation has the id of the call that started it, so
    # callers know it before the answer comes, or if none comes (vault-upgrade 2.3).
    operation_id = call.headers["x-ms-client-request-id"]
    record = upgrades.start(vault, target, operation_id, call.now)
    return _answer(call, classic_xml.upgrade_details(record, ticks_of(call.now)))


def read_operation(call: Call) -> Answer:
    """How the vault's latest upgrade stands."""
    record = _vault(call).record
    if record is None:
        raise ServiceRefusal(404, "ResourceNotFound", "No upgrade of this vault was ever started.")
    status = record.status(ticks_of(call.now))
    if status is RecordStatus.IN_PROGRESS:
        text = classic_xml.operation_info(
            error_code="", message="", result="Invalid", status="InProgress"
        )
    else:
        text = classic_xml.operation_info(
            error_code=record.error_code,
            message=record.message,
            result="Succeeded" if status is RecordStatus.UPGRADED else "Failed",
            status="Completed",
        )
    return _answer(call, text)


def refuse(call_id: str | None, request_id: str, refusal: ServiceRefusal) -> Answer:
    """A refusal in the plain form of shape A."""
    text = classic_xml.upgrade_error(refusal.code, refusal.message)
    return Answer(
        status=refusal.status,
        body=text.encode(),
        content_type="application/xml; charset=utf-8",
        headers=_headers(request_id, call_id),
    )


def _demand_version(call: Call) -> None:
    if call.headers.get("x-ms-version") != VERSION:
        raise ServiceRefusal(
            400,
            "MissingOrIncorrectVersionHeader",
            "The versioning header is not specified or was specified incorrectly.",
        )


def _vault(call: Call) -> Vault:
    """The vault of an upgrade call, once its headers are what all recorded calls have (2.0)."""
    _demand_version(call)
    for header in ("Accept", "Agent-Authentication", "x-ms-client-request-id"):
        if header not in call.headers:
            raise ServiceRefusal(400, "MissingHeader", f"The header {header} is missing.")
    # Empty in every recorded call: what a value would do is not known.
    if call.headers["Agent-Authentication"]:
        raise NotUnderstood("a value of the header Agent-Authentication")
    if not call.headers["x-ms-client-request-id"]:
        raise ServiceRefusal(400, "MissingHeader", "The header x-ms-client-request-id is empty.")
    params = call.params
    vault = call.state.find_classic(
        params["subscription"], params["cloud_service"], params["type"], params["vault"]
    )
    # Clients take the namespace from the list; another one would be a guess of theirs.
    namespace = vault.classic.namespace if vault and vault.classic else ""
    if vault is None or namespace.lower() != params["namespace"].lower():
        raise ServiceRefusal(
            404, "ResourceNotFound", f"The resource {params['vault']} does not exist."
        )
    return vault


def _target_path(call: Call) -> str:
    is_xml = call.headers.get("Content-Type", "").split(";")[0].strip() == "application/xml"
    if not is_xml or len(call.body) > MAX_BODY:
        raise ServiceRefusal(400, "BadRequest", "The request body is not a ResourceUpgradeInput.")
    try:
        root = parse_xml(call.body)
    except UnsafeXmlError as error:
        raise ServiceRefusal(400, "BadRequest", f"The request body is not XML: {error}") from error
    path = root.findtext(_PATH_TAG)
    if root.tag != _ROOT_TAG or not path:
        raise ServiceRefusal(400, "BadRequest", "The request body is not a ResourceUpgradeInput.")
    # The real reader passes over what it does not know; here it would be a wish without effect.
    if len(root) > 1:
        raise NotUnderstood("an upgrade input of more than one element")
    return path


def _answer(call: Call, text: str, *, status: int = 200, is_list: bool = False) -> Answer:
    headers = dict(_headers(call.request_id, call.headers.get("x-ms-client-request-id")))
    if is_list:
        # The list answers with fewer headers than the upgrade calls do (vault-upgrade 2.0).
        for name in ("Expires", "Pragma", "Strict-Transport-Security", "x-ms-client-request-id"):
            headers.pop(name, None)
    # Virtual time, as in the bodies: clients compare the two.
    headers["Date"] = format_datetime(call.now, usegmt=True)
    return Answer(
        status=status,
        body=text.encode(),
        content_type="application/xml; charset=utf-8",
        headers=headers,
    )


def _headers(request_id: str, client_request_id: str | None) -> dict[str, str]:
    headers = {
        "Expires": "-1",
        "Pragma": "no-cache",
        "Cache-Control": "no-cache",
        "x-ms-servedbyregion": "uswest",
        "x-ms-request-id": request_id,
        "Strict-Transport-Security": "max-age=15724800; includeSubDomains",
        "Server": "1.0.6194.1699 (rd_rdfe_n.170323-1437) Microsoft-HTTPAPI/2.0",
    }
    if client_request_id:
        headers["x-ms-client-request-id"] = client_request_id
    return headers
