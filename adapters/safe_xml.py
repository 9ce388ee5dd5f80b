"""Reads XML that came over the network: no document type, no entities, no depth without end.

The standard library's tree builder would expand entities, and the accelerated parser cannot be told
not to; expat itself can.
"""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

DEEPEST = 64
"""Levels of nesting; the service's bodies have eight."""

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class UnsafeXmlError(ValueError):
    """Not well-formed, or of a form that is refused for safety."""


class _Builder:
    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        # Deep nesting costs the builder memory and its readers the stack.
        if self._depth > DEEPEST:
            raise UnsafeXmlError(f"nested more than {DEEPEST} deep")
        named = {_qualified(key): value for key, value in attributes.items()}
        self.tree.start(_qualified(name), named)

    def end(self, name: str) -> None:
        self._depth -= 1
        self.tree.end(_qualified(name))


def _qualified(name: str) -> str:
    # expat gives "namespace}name"; ElementTree wants the brace in front as well.
    return f"{{{name}" if "}" in name else name


def _refuse(*_: object) -> None:
    raise UnsafeXmlError("a document type is not allowed")


def parse_xml(body: bytes) -> Element:
    """The root element of a document; names are ``{namespace}name``.

    Raises:
        UnsafeXmlError: Not well-formed XML, or with a document type, or nested too deep.
    """
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator="}")
    # Entities can only be declared in a document type, so without one there is nothing to expand.
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.tree.data
    try:
        parser.Parse(body, True)  # noqa: FBT003 - positional in the C interface
    except UnsafeXmlError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:
        # The last two: an encoding that nobody knows, or that expat cannot read.
        raise UnsafeXmlError(f"not XML: {error}") from None
    return builder.tree.close()


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def namespace(element: Element) -> str:
    """The element's namespace, or an empty text."""
    return element.tag.partition("}")[0].removeprefix("{") if "}" in element.tag else ""


def child(element: Element, name: str) -> Element | None:
    """The first child of that local name that is there and not nil."""
    for found in element:
        if local_name(found) == name:
            return None if found.get(NIL) in {"true", "1"} else found
    return None


def text(element: Element, name: str) -> str | None:
    """The text of a child; None when it is absent or nil, empty when it is empty."""
    found = child(element, name)
    return None if found is None else (found.text or "")
