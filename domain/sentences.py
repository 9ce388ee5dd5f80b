"""Joins what services and people say into text that reads well."""

_ENDS = (".", "!", "?", ":")


def as_sentence(text: str) -> str:
    """``text`` with one full stop at its end, unless it ends as a sentence already."""
    # Services end some of their messages with a full stop and others not.
    said = text.strip()
    return said if not said or said.endswith(_ENDS) else f"{said}."


def join_sentences(*texts: str) -> str:
    """The texts as sentences, one after the other; empty ones are left out."""
    return " ".join(sentence for text in texts if (sentence := as_sentence(text)))
