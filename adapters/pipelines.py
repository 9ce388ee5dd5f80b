"""The HTTP pipelines of all clients: one kind for reads, one for writes.

A write pipeline has no retry policy at all, so that no option, header or default of the SDK can
make it send twice. The one thing that is answered is a 401, with a fresh token: the service turned
the request away before it looked at it. Neither kind follows redirects or registers resource
providers by itself, which the SDK's own list of policies would (recovery-services 0).
"""

from dataclasses import dataclass
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import (
    AsyncHTTPPolicy,
    AsyncRetryPolicy,
    CustomHookPolicy,
    DistributedTracingPolicy,
    HeadersPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)

from adapters.bearer import BearerPolicy
from adapters.clouds import Cloud, Service
from adapters.http_errors import find_retry_after_s
from adapters.throttle import LONGEST_WAIT_S, Throttle, ThrottlePolicy
from adapters.transport import CarefulTransport
from domain.version import VERSION

USER_AGENT = f"vaultlift/{VERSION}"
# azure-core repeats a POST after 500, 503 and 504 only, for fear of doing something twice
# (recovery-services 0). A question may be asked again after anything.
REPEATABLE = frozenset({"GET", "POST"})
"""For ``retry_on_methods`` of calls whose POST only asks, as a check or a query does."""

type Policies = list[AsyncHTTPPolicy[Any, Any] | SansIOHTTPPolicy[Any, Any]]


class PatientRetryPolicy(AsyncRetryPolicy[Any, Any]):
    """azure-core's retries, but a long wait is handed to the caller."""

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """Seconds the service asks to wait; None where it does not say, or not in a usable way."""
        # The wait must be the one that is judged below. azure-core reads more headers, counts dates
        # by this machine's clock, takes "inf" for a number and fails over what is none.
        return find_retry_after_s(response.http_response.headers)

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether to send again after this answer."""
        wait_s = self.get_retry_after(response)
        # A workflow's timer can wait an hour without holding a worker; a sleep here cannot.
        if wait_s is not None and wait_s > LONGEST_WAIT_S:
            return False
        return bool(super().is_retry(settings, response))


@dataclass(frozen=True, kw_only=True)
class Connections:
    """What the clients of one event loop share."""

    cloud: Cloud
    credential: AsyncTokenCredential
    throttle: Throttle
    reading: CarefulTransport
    writing: CarefulTransport
    """Never re-uses a connection."""

    async def aclose(self) -> None:
        """Closes them all."""
        await self.credential.close()
        await self.reading.close()
        await self.writing.close()

    def read_options(self, service: Service, *, names_requests: bool = True) -> dict[str, Any]:
        """Keyword arguments that make any SDK client read through our pipeline.

        ``names_requests``: give each request a client request id unless it brings one.
        """
        return self._options(
            service,
            self.reading,
            [
                # Support finds a call by this id; the classic list alone is sent without one (2.1).
                RequestIdPolicy(auto_request_id=names_requests),
                # Four times within some ten seconds: a hiccup passes by then, and an outage belongs
                # to the workflow, which can wait for hours.
                PatientRetryPolicy(retry_total=4, retry_backoff_factor=0.5),
            ],
        )

    def write_options(self, service: Service, *, names_requests: bool = True) -> dict[str, Any]:
        """Keyword arguments that make any SDK client write through our pipeline."""
        return self._options(
            service, self.writing, [RequestIdPolicy(auto_request_id=names_requests)]
        )

    def _options(
        self, service: Service, transport: CarefulTransport, first: Policies
    ) -> dict[str, Any]:
        bearer = BearerPolicy(self.credential, service)
        # Prints no body, no Authorization header, and of a query only the api-version.
        logging = HttpLoggingPolicy()
        # Redacted unless listed; it groups the calls of one request at the service.
        logging.allowed_header_names.update({"x-ms-correlation-request-id"})
        policies: Policies = [
            HeadersPolicy(),
            UserAgentPolicy(USER_AGENT),
            ProxyPolicy(),
            # Outside the retries: the hook sees the last answer, not every attempt's.
            CustomHookPolicy(),
            *first,
            # Behind the retries: every attempt is authorized and counted by itself.
            bearer,
            ThrottlePolicy(self.throttle),
            DistributedTracingPolicy(),
            logging,
        ]
        return {"policies": policies, "transport": transport, "authentication_policy": bearer}
