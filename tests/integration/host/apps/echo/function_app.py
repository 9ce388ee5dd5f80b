"""An app of HTTP triggers that answer with what they were given."""

import asyncio
import json
import logging
import threading

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="echo/{name}", methods=["GET", "POST"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """The request as JSON."""
    logging.getLogger("echo").info("echoing %s", req.route_params["name"])
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "length": len(req.get_body()),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", status_code=201)


@app.route(route="bytes", methods=["POST"])
def send_back(req: func.HttpRequest) -> func.HttpResponse:
    """The body, unchanged; a synchronous function, which the runtime runs in a thread."""
    logging.getLogger("bytes").info("got %d bytes", len(req.get_body()))
    print("printed by the app")  # noqa: T201, what the test looks for
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")


@app.route(route="cookies")
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    """An answer with two cookies; takes any method."""
    answer = func.HttpResponse(req.method)
    answer.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly; SameSite=Strict")
    answer.headers.add("Set-Cookie", "b=2; Max-Age=60; Secure")
    return answer


@app.route(route="numbers/{value:int}", methods=["GET"])
async def numbers(req: func.HttpRequest) -> str:
    """A plain string answer."""
    return f"number {req.route_params['value']}"


@app.route(route="files/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def files(req: func.HttpRequest) -> func.HttpResponse:
    """The rest of the path."""
    return func.HttpResponse(req.route_params.get("path", "(none)"))


@app.route(route="fail", auth_level=func.AuthLevel.ADMIN)
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    """Raises."""
    raise ValueError(f"failing on {req.method}")


@app.route(route="slow/{seconds}", methods=["GET"])
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    """An answer that takes its time."""
    logging.getLogger("slow").info("began")
    await asyncio.sleep(float(req.route_params["seconds"]))
    return func.HttpResponse("done")


@app.route(route="hang", methods=["GET"])
def hang(req: func.HttpRequest) -> func.HttpResponse:
    """A synchronous answer that does not come."""
    logging.getLogger("hang").info("began")
    threading.Event().wait()
    return func.HttpResponse("never")


@app.route(route="background", methods=["POST"])
def background(req: func.HttpRequest) -> func.HttpResponse:
    """Leaves a thread behind that does not end."""
    threading.Thread(target=threading.Event().wait, name="of the app").start()
    return func.HttpResponse("began")
