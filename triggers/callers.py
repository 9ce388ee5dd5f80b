"""Who calls, as the platform's sign-in says."""

import azure.functions as func

from triggers.shapes.common import PRINCIPAL_HEADER, PRINCIPAL_ID_HEADER


def signed_in_as(req: func.HttpRequest) -> str | None:
    """The name of whoever signed in; None without platform sign-in.

    A program that signs in by itself has an id and no name. Its id counts then: the body must not
    be what names it, or a program could approve in anybody's name. The platform lets no caller set
    either header (learn.microsoft.com, "Work with user identities in Azure App Service
    authentication").
    """
    return req.headers.get(PRINCIPAL_HEADER) or req.headers.get(PRINCIPAL_ID_HEADER) or None
