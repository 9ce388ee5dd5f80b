"""An app the runtime refuses: an annotation that is not a plain class."""

from typing import Any

import azure.functions as func

app = func.FunctionApp()


@app.route(route="x")
async def wrong(req: dict[str, Any]) -> func.HttpResponse:
    """Not an HttpRequest."""
    return func.HttpResponse(str(req))
