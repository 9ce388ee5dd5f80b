"""Work lists can be sent to machines' owners as they are."""

import csv

import pytest

from cli.settle_views import WorkView
from cli.work_lists import COLUMNS, write_work_lists
from domain.errors import ConfigurationError


def work(machine="fs01", owner="it@example.com", **members):
    """One row."""
    return WorkView(
        machine=machine,
        owner=owner,
        **{"vault": "v1", "check_id": "agent-version", "what_to_do": "Look.", **members},
    )


def rows_of(path):
    """The rows of a list, without its head."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert COLUMNS == tuple(head)
    return rows


@pytest.mark.parametrize("sign", [*"=+-@\t\r\n", " =", "\u00a0=", "\ufeff=", "\uff1d", "\uff0b"])
def test_nothing_runs_in_a_spreadsheet(tmp_path, sign):
    """Whatever a machine calls itself, and whatever stands in front of the sign."""
    (path,) = write_work_lists([work(machine=f"{sign}cmd|'/c calc'!A1")], tmp_path)

    assert f"'{sign}cmd|'/c calc'!A1" == rows_of(path)[0][0]


def test_a_list_that_cannot_be_written_names_the_folder(tmp_path):
    """One sentence with the reason, whatever the file system says."""
    (tmp_path / "it@example.com.csv").mkdir()

    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        write_work_lists([work()], tmp_path)

    assert str(tmp_path) == caught.value.subject


def test_plain_text_is_left_as_it_is(tmp_path):
    """A sign inside a text is no formula."""
    (path,) = write_work_lists([work(machine="fs-01", found="2.0.9 = old")], tmp_path)

    assert ("fs-01", "2.0.9 = old") == (rows_of(path)[0][0], rows_of(path)[0][3])


def test_an_owner_s_name_makes_a_safe_file_name(tmp_path):
    """No way out of the folder."""
    paths = write_work_lists([work(owner="../../root"), work(owner="Team / Müller")], tmp_path)

    assert {tmp_path} == {path.parent for path in paths}


def test_the_list_of_an_owner_who_is_done_is_emptied(tmp_path):
    """Left standing, it would send them to their machines again."""
    write_work_lists([work(), work(owner="done@example.com")], tmp_path)

    paths = write_work_lists([work()], tmp_path)

    assert [tmp_path / "it@example.com.csv"] == list(paths)
    assert [] == rows_of(tmp_path / "done@example.com.csv")


def test_files_of_others_are_left_alone(tmp_path):
    """Only what looks like a list of ours is emptied."""
    other = tmp_path / "budget.csv"
    other.write_text("a,b\n1,2\n", "utf-8")

    write_work_lists([work()], tmp_path)

    assert "a,b\n1,2\n" == other.read_text("utf-8")
