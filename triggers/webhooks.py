"""HTTP: approvals from other systems, known by a signature instead of a function key.

A chat or a ticket system answers a plan with ``POST /api/hooks/approval/{id}``: the body of
``/api/upgrades/{id}/approval`` and the header ``x-vaultlift-signature``. Everything an approval
must be holds here, too: it names the plan, and who asked for the upgrade cannot approve it.
"""

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports
from domain.signatures import objection_to_signature
from triggers.answers import error
from triggers.approvals import post_approval
from triggers.shapes.common import SIGNATURE_HEADER


async def post_signed_approval(
    req: func.HttpRequest, client: df.DurableFunctionsClient, ports: Ports, secret: str | None
) -> func.HttpResponse:
    """As ``post_approval``; 401 where the signature does not count, 404 where no secret is set."""
    # 404 and not 401: an app that takes no signed approvals should not look as if it did.
    if secret is None:
        return error(404, "NotFound", "This app takes no signed approvals; no secret is set.")
    # As it came: parsed and written again, other bytes would be signed.
    body = req.get_body()
    given = req.headers.get(SIGNATURE_HEADER)
    objection = objection_to_signature(
        secret, req.route_params["id"], body, given, ports.clock.now()
    )
    if objection:
        return error(401, "BadSignature", f"{objection[0].upper()}{objection[1:]}.")
    # Only what was signed counts: a header that names somebody was not.
    signed = func.HttpRequest(
        method=req.method, url=req.url, route_params=req.route_params, body=body
    )
    return await post_approval(signed, client, ports)


def webhook_blueprint(ports: Ports, secret: str | None) -> df.Blueprint:
    """The blueprint with the routes that need no function key.

    Args:
        ports: What an answer may use.
        secret: What senders sign with; None: nobody may send.
    """
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.ANONYMOUS)

    @blueprint.function_name("post_signed_approval")
    @blueprint.route(
        route="hooks/approval/{id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS
    )
    @blueprint.durable_client_input(client_name="client")
    async def _post_signed_approval(
        req: func.HttpRequest, client: df.DurableFunctionsClient
    ) -> func.HttpResponse:
        return await post_signed_approval(req, client, ports, secret)

    return blueprint
