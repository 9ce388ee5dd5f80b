"""What ends the broker, the one error it answers a client with, and its most common refusals.

The client library turns the condition into its exception class (service-bus 3, points 6, 8, 12);
the texts are for people.
"""

from domain.errors import VaultliftError


class StoreFaultError(VaultliftError):
    """The broker cannot write its database any more, and stops.

    Nothing that a client was told is lost; what was not told is asked for again by its client.
    """


# One class with data instead of a tree: nobody here tells refusals apart, only clients do.
class BrokerError(Exception):
    """A refusal that goes back to the client.

    Args:
        condition: The AMQP error condition, such as ``com.microsoft:message-lock-lost``.
        description: One or two sentences for the person who reads the client's log.
        status: HTTP-like status, used where the answer is a management response.
    """

    def __init__(self, condition: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.condition = condition
        self.description = description
        self.status = status


def message_lock_lost() -> BrokerError:
    """The lock token names no lock: expired, or the message is settled."""
    return BrokerError(
        "com.microsoft:message-lock-lost",
        "The message lock is not held: it expired, or the message was settled before.",
        410,
    )


def session_lock_lost(session_id: str) -> BrokerError:
    """The session is not held any more."""
    return BrokerError(
        "com.microsoft:session-lock-lost",
        f"The lock on session '{session_id}' is not held any more. Open a new session receiver.",
        410,
    )


def session_held_elsewhere(session_id: str) -> BrokerError:
    """Another receiver has the session."""
    return BrokerError(
        "com.microsoft:session-cannot-be-locked",
        f"Session '{session_id}' cannot be accepted: another receiver holds it.",
        409,
    )


def no_session_in_time() -> BrokerError:
    """No session with messages became free while the client was willing to wait."""
    return BrokerError(
        "com.microsoft:timeout",
        "No session with messages became available in the time the client allowed.",
        408,
    )


def entity_not_found(path: str) -> BrokerError:
    """No such queue."""
    # The service's own words: the JavaScript client tells a missing queue by them and not by the
    # condition.
    text = f"The messaging entity '{path}' could not be found."
    return BrokerError("amqp:not-found", text, 404)


def message_not_found(what: str) -> BrokerError:
    """A sequence number names nothing that fits the request."""
    return BrokerError("com.microsoft:message-not-found", f"There is no {what}.", 404)


def not_allowed(description: str) -> BrokerError:
    """The entity does not permit this."""
    return BrokerError("amqp:not-allowed", description)


def not_implemented(description: str) -> BrokerError:
    """A part of Service Bus that this broker does not have, refused rather than ignored."""
    return BrokerError("amqp:not-implemented", description, 501)


def unauthorized(description: str) -> BrokerError:
    """No valid token for this entity."""
    return BrokerError("amqp:unauthorized-access", description, 401)
