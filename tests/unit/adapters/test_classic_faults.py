"""Error bodies of the classic API, in the shapes the service sends."""

import pytest

from adapters.classic_faults import outcome_of, parse_error, split_table
from domain.upgrade import CheckOutcome, Severity
from tests.unit.adapters.test_classic_xml import NAMESPACES


def _error(inner: str) -> bytes:
    return f"<Error {NAMESPACES}>{inner}</Error>".encode()


def test_a_nil_error_is_no_error() -> None:
    """A check that found nothing wrong answers with a nil error."""
    assert parse_error(f'<Error i:nil="true" {NAMESPACES}/>'.encode()) is None


def test_reasons_are_read_with_every_field() -> None:
    """Each detail is one reason with its table."""
    error = parse_error(
        _error(
            "<Code>C</Code><Details><ErrorDetail><Category>Agents</Category><Code>A1</Code>"
            "<Message>SRV1;2.0.8|SRV2;2.0.9</Message><Properties>p</Properties>"
            "<RecommendedAction>update</RecommendedAction><Type>Error</Type></ErrorDetail>"
            "</Details><Message>m</Message><RecommendedAction>a</RecommendedAction>"
        )
    )

    assert error is not None
    (reason,) = error.reasons
    assert ("Agents", "A1", "update", "p") == (
        reason.category,
        reason.code,
        reason.recommended_action,
        reason.properties,
    )
    assert (("SRV1", "2.0.8"), ("SRV2", "2.0.9")) == reason.rows


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("<Type>Warning</Type>", Severity.WARNING),
        ("<Type>warning</Type>", Severity.ERROR),
        ("<Type>Warning </Type>", Severity.ERROR),
        ("<Type>Info</Type>", Severity.ERROR),
        ("<Type/>", Severity.ERROR),
        ("", Severity.ERROR),
    ],
)
def test_only_the_exact_word_is_a_warning(kind: str, expected: Severity) -> None:
    """Whatever is not exactly Warning blocks the upgrade."""
    error = parse_error(_error(f"<Details><ErrorDetail>{kind}</ErrorDetail></Details>"))

    assert error is not None
    assert (expected,) == tuple(reason.severity for reason in error.reasons)


def test_a_plain_error_has_no_reasons() -> None:
    """Without details there is a code and a message only."""
    error = parse_error(_error("<Code>ResourceNotFound</Code><Message>gone</Message>"))

    assert error is not None
    assert ("ResourceNotFound", "gone", ()) == (error.code, error.message, error.reasons)


def test_a_start_error_is_known_by_its_namespace() -> None:
    """The other shape has its text one level deeper, and says that nothing was started."""
    error = parse_error(
        b'<Error xmlns="http://schemas.microsoft.com/wars"><ErrorCode>7</ErrorCode>'
        b"<Message><Language>en-us</Language><Value>not now</Value></Message></Error>"
    )

    assert error is not None
    assert ("7", "not now", True) == (error.code, error.message, error.is_start_error)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("plain text", (("plain text",),)),
        ("a;b|c;d", (("a", "b"), ("c", "d"))),
        ("a ; b", (("a", "b"),)),
        ("", (("",),)),
        ("a;|", (("a", ""), ("",))),
    ],
)
def test_messages_are_tables(message: str, expected: tuple[tuple[str, ...], ...]) -> None:
    """Rows end at bars and columns at semicolons; nothing is dropped."""
    assert expected == split_table(message)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], CheckOutcome.SUCCEEDED),
        (["Warning"], CheckOutcome.WITH_WARNINGS),
        (["Warning", "Error"], CheckOutcome.FAILED),
        (["Error"], CheckOutcome.FAILED),
    ],
)
def test_one_error_fails_the_check(kinds: list[str], expected: CheckOutcome) -> None:
    """Warnings alone may be passed over, an error never."""
    details = "".join(f"<ErrorDetail><Type>{kind}</Type></ErrorDetail>" for kind in kinds)
    error = parse_error(_error(f"<Details>{details}</Details>"))

    assert error is not None
    assert expected == outcome_of(error.reasons)
