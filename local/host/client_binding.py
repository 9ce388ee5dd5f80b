"""The value of a durable client binding: how the app's durable client reaches the engine.

Members as in durable-2x 3. ``INSTANCEID`` is the placeholder the client library replaces.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

WEBHOOK_PATH = "/runtime/webhooks/durabletask"
PLACEHOLDER = "INSTANCEID"


@dataclass(frozen=True, kw_only=True)
class ClientBinding:
    """Where a client finds engine and management API."""

    hub_name: str
    engine_address: str
    """``host:port`` of the engine's gRPC service."""
    base_url: str
    """Scheme, host and port of the host's own HTTP endpoint."""
    system_key: str
    """The key that the management URLs carry as ``code``."""

    def to_json(self, binding: Mapping[str, Any]) -> str:
        """The JSON for one binding; a ``taskHub`` or ``connectionName`` of its own is respected."""
        # One engine serves every name; the names only have to come back to the client unchanged.
        hub = str(binding.get("taskHub") or self.hub_name)
        connection = str(binding.get("connectionName") or "Storage")
        query = f"taskHub={hub}&connection={connection}&code={self.system_key}"
        root = self.base_url + WEBHOOK_PATH
        return json.dumps(
            {
                "taskHubName": hub,
                "connectionName": connection,
                "creationUrls": _creation_urls(root, query),
                "managementUrls": management_urls(root, query),
                "baseUrl": root,
                "requiredQueryStringParameters": query,
                "rpcBaseUrl": f"http://{self.engine_address}",
                "httpBaseUrl": root,
                # No proxy stands in front of this host.
                "useForwardedHost": False,
                # The engine sets no limit, so the client must not have a smaller one.
                "maxGrpcMessageSizeInBytes": 2**31 - 1,
                "grpcHttpClientTimeout": "00:01:40",
            }
        )


def _creation_urls(root: str, query: str) -> dict[str, str]:
    create = f"{root}/orchestrators/{{functionName}}[/{{instanceId}}]?{query}"
    return {
        "createNewInstancePostUri": create,
        "createAndWaitOnNewInstancePostUri": f"{create}&timeout={{timeoutInSeconds}}"
        "&pollingInterval={intervalInSeconds}",
    }


def management_urls(root: str, query: str, instance_id: str = PLACEHOLDER) -> dict[str, str]:
    """The management URLs of one instance, as clients and ``202`` answers give them."""
    # An id may hold blanks, percent signs and letters that no header takes.
    instance = f"{root}/instances/{quote(instance_id, safe='')}"
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{instance}?{query}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{instance}/terminate?reason={{text}}&{query}",
        "rewindPostUri": f"{instance}/rewind?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{instance}?{query}",
        "restartPostUri": f"{instance}/restart?{query}",
        "suspendPostUri": f"{instance}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{instance}/resume?reason={{text}}&{query}",
    }
