"""A small HTTP server that answers as the app does, and remembers what it was asked."""

import json
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SUBSCRIPTION = "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11"


def vault_body(name="vault-clean"):
    """How the API names a vault."""
    return {
        "subscriptionId": SUBSCRIPTION,
        "region": "West US",
        "name": name,
        "vaultType": "BackupVault",
    }


def view_body(name="vault-clean", state="closed", **members):
    """One upgrade as the API shows it."""
    return {
        "id": f"upgrade-{name}",
        "vault": vault_body(name),
        "state": state,
        "reasons": [],
        "operationId": "op-1",
        "startedAt": "2017-09-05T12:00:00+00:00",
        "updatedAt": "2017-09-05T12:30:00+00:00",
        "endedAt": None,
        "durationSeconds": None,
        "findings": {"passed": 0, "failed": 0, "unknown": 0, "notApplicable": 0},
        "taskCount": 0,
        "evidencePrefix": None,
        "plan": None,
    } | members


def ended_body(name="vault-clean", state="closed", *, request_id="request-1", **members):
    """An upgrade that has ended after twelve hours."""
    end = {
        "endedAt": "2017-09-06T00:00:00+00:00",
        "durationSeconds": 43_200.0,
        "evidencePrefix": f"vaults/{name}/runs/{request_id}",
    }
    return view_body(name, state, **(end | members))


def accepted_body(*names, request_id="request-1", joined=False):
    """Answer to a list of vaults."""
    return {
        "requestId": request_id,
        "upgrades": [
            {
                "id": f"upgrade-{name}",
                "vault": vault_body(name),
                "statusUrl": f"http://app/api/upgrades/upgrade-{name}",
                "joined": joined,
            }
            for name in names
        ],
    }


def error_body(code, message, **members):
    """An error as the API words it."""
    return {"error": {"code": code, "message": message, **members}}


class FakeApp:
    """Answers by method and path.

    ``on`` takes one answer or several; several are used up in order and the last one stays.
    """

    def __init__(self):
        self.url = ""
        self.calls = []
        self._answers = {}

    def on(self, method, path, *answers):
        """Answers are ``(status, body)`` or ``(status, body, headers)``; a body may be bytes."""
        self._answers[method, path] = deque(answers)
        return self

    def answer(self, method, path):
        """What to answer now."""
        answers = self._answers.get((method, path))
        if answers is None:
            return (404, error_body("NotFound", f"no answer for {method} {path}"))
        return answers.popleft() if len(answers) > 1 else answers[0]


def _handler(app):
    class Handler(BaseHTTPRequestHandler):
        def _serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            app.calls.append((self.command, self.path, headers, body))
            status, content, *more = app.answer(self.command, self.path)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            if status == 0:
                # The connection breaks before an answer, as when the app is restarted.
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 - the names http.server looks for

        def log_message(self, *_):
            """Keeps the test output clean."""

    return Handler


@contextmanager
def serving():
    """A fake app on a free port."""
    app = FakeApp()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
