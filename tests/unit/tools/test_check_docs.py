"""Dead links, unknown targets, settings and generated blocks are each found."""

from pathlib import Path

import pytest

from tests.unit.tools.trees import write_tree
from tools import check_docs

MAKEFILE = "help:\n\techo\ntest: setup ## run tests\n\tpytest\n"


def dead_links(root: Path, text: str) -> list[str]:
    """The dead links of a document beside ``other.md``."""
    write_tree(root, {"a.md": text, "other.md": "# One heading: `code`, more\n"})
    return list(check_docs.find_dead_links(root / "a.md"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[x](other.md) [y](https://example.com/none) [z](mailto:a@b.c)", []),
        ("[x](none.md)", ["dead link: none.md"]),
        ("[x](other.md#one-heading-code-more)", []),
        ("[x](other.md#two)", ["no such heading: other.md#two"]),
        ("# Here\n[x](#here) [y](#there)", ["no such heading: #there"]),
    ],
)
def test_a_link_leads_to_a_file_and_a_heading(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    """Relative links are followed; addresses are not."""
    assert expected == dead_links(tmp_path, text)


def test_a_target_that_make_does_not_have_is_found() -> None:
    """Every named target is looked up, with or without arguments."""
    text = "Run `make test` and `make test ARGS=x`, then `make tea`."

    assert ["make has no target tea"] == list(check_docs.find_unknown_targets(text, MAKEFILE))


def test_a_setting_that_nothing_reads_is_found() -> None:
    """Wherever a document names it; one that is read may be named or not."""
    text = "| `VAULTLIFT_A`, `VAULTLIFT_GONE` | and ServiceBusConnection |"
    known = frozenset({"VAULTLIFT_A", "VAULTLIFT_B", "ServiceBusConnection"})

    assert ["nothing reads VAULTLIFT_GONE"] == list(check_docs.find_unknown_settings(text, known))


def test_settings_of_app_command_and_deployment_are_known() -> None:
    """One of each."""
    known = check_docs.known_settings(check_docs.ROOT)

    assert known >= {"VAULTLIFT_EVIDENCE", "VAULTLIFT_URL", "VAULTLIFT_BACKEND"}


def test_a_generated_block_is_renewed_and_the_rest_kept() -> None:
    """Only what stands between the markers changes."""
    text = "before\n<!-- generated: x -->\n```text\nold\n```\n<!-- end generated -->\nafter\n"

    assert text.replace("old", "new") == check_docs.renew_blocks(text, {"x": "new\n"})


def test_a_block_that_nothing_generates_is_an_error() -> None:
    """A misspelt name does not pass silently."""
    text = "<!-- generated: y -->\n```text\n```\n<!-- end generated -->\n"

    with pytest.raises(KeyError):
        check_docs.renew_blocks(text, {})


def test_the_help_of_the_command_line_is_plain_text() -> None:
    """No colour codes and no trailing blanks get into a document."""
    text = check_docs.run_command(check_docs.COMMANDS["vaultlift --help"])

    assert "Usage: vaultlift" in text
    assert [] == [line for line in text.splitlines() if "\x1b" in line or line != line.rstrip()]
