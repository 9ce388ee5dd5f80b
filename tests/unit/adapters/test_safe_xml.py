"""XML from the network is read without its dangers."""

import pytest

from adapters.safe_xml import DEEPEST, UnsafeXmlError, child, local_name, namespace, parse_xml, text

SMALL = b'<a xmlns="urn:x" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">%s</a>'


def test_names_come_apart() -> None:
    """An element knows its name and its namespace."""
    root = parse_xml(SMALL % b"")

    assert ("a", "urn:x") == (local_name(root), namespace(root))


def test_text_is_told_from_nothing() -> None:
    """Empty, nil and absent are three different things, and nil and absent read alike."""
    root = parse_xml(SMALL % b'<full>1&amp;2</full><empty/><none i:nil="true"/>')

    values = [text(root, name) for name in ("full", "empty", "none", "absent")]

    assert ["1&2", "", None, None] == values


def test_nil_elements_are_no_children() -> None:
    """A nil element is not there, whatever it holds."""
    root = parse_xml(SMALL % b'<list i:nil="true"><x/></list>')

    assert child(root, "list") is None


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><a>&b;</a>',
    ],
    ids=["entity", "external", "bare", "nested"],
)
def test_document_types_are_refused(body: bytes) -> None:
    """No entity is ever defined, so none is ever expanded."""
    with pytest.raises(UnsafeXmlError, match="document type"):
        parse_xml(body)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<a>", b"<a></b>", b"text", b"\xff\xfe", b"<a>&undefined;</a>"),
        b'<?xml version="1.0" encoding="nothing-known"?><a/>',
        b"<a/><b/>",
    ],
)
def test_what_is_no_xml_is_refused(body: bytes) -> None:
    """Broken bodies of every kind raise the one error."""
    with pytest.raises(UnsafeXmlError):
        parse_xml(body)


def test_depth_has_an_end() -> None:
    """A body nested without end is refused before it is built."""
    body = b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1)

    with pytest.raises(UnsafeXmlError, match="deep"):
        parse_xml(body)
