"""Frames and the arithmetic of their counters."""

import pytest

from local.servicebus.decoder import decode
from local.servicebus.performatives import (
    Code,
    encode_frame,
    encode_sasl_frame,
    serial_difference,
)
from local.servicebus.values import Described, UInt, ULong


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        (5, 3, 2),
        (3, 5, -2),
        (0, 0, 0),
        (1, 0xFFFFFFFF, 2),
        (0xFFFFFFFF, 1, -2),
        (2**32 + 4, 3, 1),
    ],
)
def test_counters_wrap_around(later, earlier, expected):
    """A counter that has passed 32 bits is ahead, not four billion behind."""
    assert expected == serial_difference(later, earlier)


def test_frame_says_its_size_and_channel():
    """Size, offset, type and channel stand in front; the payload follows the performative."""
    frame = encode_frame(7, Code.TRANSFER, [UInt(1)], b"payload")

    assert (len(frame), 2, 0, 7) == (
        int.from_bytes(frame[:4]),
        frame[4],
        frame[5],
        int.from_bytes(frame[6:8]),
    )
    performative, end = decode(frame, 8)
    assert (Described(ULong(Code.TRANSFER), [1]), b"payload") == (performative, frame[end:])


def test_empty_fields_at_the_end_are_left_out():
    """None at the end is what a missing field means."""
    frame = encode_frame(0, Code.CLOSE, [None, UInt(1), None, None])

    assert [None, 1] == decode(frame, 8)[0].value


def test_sasl_frames_have_a_type_of_their_own():
    """The opening exchange is told apart by the frame type."""
    assert 1 == encode_sasl_frame(Code.SASL_OUTCOME, [])[5]
