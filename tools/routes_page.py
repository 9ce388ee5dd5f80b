"""The table of HTTP routes for people, made from the OpenAPI document."""

from domain.codec import JsonObject

_HEAD = """\
# HTTP routes

Every route of the app. Bodies, answers and examples are in [openapi.json](openapi.json); how to call
it is in [http.md](../http.md). This page is made from the code by `python -m tools.write_schemas`.

| call | what it does | answers | refuses with |
|---|---|---|---|
"""


def routes_page(document: JsonObject) -> str:
    """The page, as Markdown; routes in the order of the nouns."""
    order = [tag["name"] for tag in document["tags"]]
    operations = [
        (order.index(one["tags"][0]), path, method, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    # By path and not by method, so that what can be done with one thing stands together.
    rows = [_row(path, method, one) for _, path, method, one in sorted(operations, key=_place)]
    return _HEAD + "\n".join(rows) + "\n"


def _place(operation: tuple[int, str, str, JsonObject]) -> tuple[int, str, str]:
    return operation[:3]


def _row(path: str, method: str, operation: JsonObject) -> str:
    answers = [code for code in operation["responses"] if int(code) < 400]  # noqa: PLR2004
    refusals = [
        f"{code} {', '.join(_codes(response))}".strip()
        for code, response in operation["responses"].items()
        if code not in answers
    ]
    return (
        f"| `{method.upper()} {path}` | {operation['summary']} | {', '.join(answers)} "
        f"| {'; '.join(refusals)} |"
    )


def _codes(response: JsonObject) -> list[str]:
    content = response.get("content")
    # What the host answers before the app is asked has no body to speak of.
    if content is None:
        return ["by the host"]
    schema = content["application/json"]["schema"]
    return [f"`{code}`" for code in schema["properties"]["error"]["properties"]["code"]["enum"]]
