"""Lists of vaults: read whole, or refused with everything that is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.bodies import LONGEST_BODY, parse_body
from domain.errors import InvalidInputError
from domain.intake import requests_from_csv, requests_from_json
from domain.intake_rows import MOST_GUESSES
from domain.requests import ApprovalMode, TimeZoneMode, UpgradeRequest
from domain.time_zones import nearest_zones
from tests.unit.domain.builders import NOW, SUBSCRIPTION, VAULT, upgrade_request

HEADER = "subscription_id,vault_name,region,target_resource_group"
ROW = f"{SUBSCRIPTION},vault-one,West US,rg-upgraded"
OBJECT: dict[str, Any] = {
    "subscriptionId": SUBSCRIPTION,
    "vaultName": "vault-one",
    "region": "West US",
    "targetResourceGroup": "rg-upgraded",
}


def read_csv(text: str) -> tuple[UpgradeRequest, ...]:
    """The requests of a file."""
    return requests_from_csv(
        text,
        requested_by="ada@example.org",
        request_id="request-7",
        requested_at=NOW,
        source="vaults.csv",
    )


def read_json(body: object) -> tuple[UpgradeRequest, ...]:
    """The requests of an HTTP body."""
    return requests_from_json(
        body,
        requested_by="ada@example.org",
        request_id="request-7",
        requested_at=NOW,
        source="request body",
    )


def problems_of(read: Callable[[Any], object], content: object) -> list[tuple[str, str, str]]:
    """Where, field and message of everything wrong with a list."""
    with pytest.raises(InvalidInputError) as caught:
        read(content)
    return [(one.where, one.field, one.message) for one in caught.value.problems]


def places_of(read: Callable[[Any], object], content: object) -> list[tuple[str, str]]:
    """Where and field of everything wrong with a list."""
    return [(where, field) for where, field, _ in problems_of(read, content)]


def test_a_row_with_only_what_is_required_takes_the_defaults() -> None:
    """Everything optional may be left out."""
    assert (upgrade_request(),) == read_csv(f"{HEADER}\n{ROW}\n")


def test_a_row_may_say_everything() -> None:
    """Each column ends in its own field, in canonical form."""
    text = (
        f"{HEADER},time_zone,time_zone_mode,approval,accept_warnings,log_workspace_id,vault_type\n"
        f"{ROW},europe/berlin,Keep-Moment,automatic,yes,{{{SUBSCRIPTION.upper()}}},backupvault\n"
    )
    expected = upgrade_request(
        time_zone="W. Europe Standard Time",
        time_zone_mode=TimeZoneMode.KEEP_MOMENT,
        approval=ApprovalMode.AUTOMATIC,
        accept_warnings=True,
        log_workspace_id=SUBSCRIPTION,
    )

    assert (expected,) == read_csv(text)


def test_empty_optional_cells_take_the_defaults() -> None:
    """An empty cell says nothing."""
    assert (upgrade_request(),) == read_csv(f"{HEADER},approval,time_zone\n{ROW},,\n")


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\r\n{ROW}\r\n",
        f"\n{HEADER}\n\n{ROW}\n,,,\n",
        f'{HEADER}\n{SUBSCRIPTION}, "vault-one", West US ,"rg-upgraded"',
    ],
    ids=["byte-order mark and CRLF", "blank lines", "quotes and blanks"],
)
def test_what_spreadsheets_add_does_not_matter(text: str) -> None:
    """Byte-order marks, line ends, blank lines, quotes and padding change nothing."""
    assert (upgrade_request(),) == read_csv(text)


def test_every_problem_of_a_file_is_reported_at_once() -> None:
    """Header, values and duplicates: all in one error, by line and column."""
    text = (
        f"{HEADER},time_zone,aproval\n"
        f"not-a-guid,vault-one,West US,rg one,Nowhere Time,x\n"
        f"{ROW},,\n"
        f"{ROW.replace('vault-one', 'VAULT-ONE')},,\n"
        f"{SUBSCRIPTION},,West US,rg.,,\n"
    )

    assert [
        ("line 1", "aproval"),
        ("line 2", "subscription_id"),
        ("line 2", "target_resource_group"),
        ("line 2", "time_zone"),
        ("line 4", "-"),
        ("line 5", "vault_name"),
        ("line 5", "target_resource_group"),
    ] == places_of(read_csv, text)


def test_an_unknown_column_gets_a_suggestion() -> None:
    """A misspelt column is named together with the one that was meant."""
    expected = ("line 1", "aproval", "unknown column; did you mean approval?")

    assert [expected] == problems_of(read_csv, f"{HEADER},aproval\n{ROW},x\n")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VAULT_NAME", "vault_name"),
        ("Region", "region"),
        ("Time_Zone", "time_zone"),
        ("timeZone", "time_zone"),
    ],
)
def test_a_column_in_another_case_gets_its_suggestion(name: str, meant: str) -> None:
    """Spreadsheets capitalise what they can, and JSON has names of another style."""
    ((_, _, message),) = [
        one for one in problems_of(read_csv, f"{HEADER},{name}\n{ROW},x\n") if one[1] == name
    ]

    assert f"unknown column; did you mean {meant}?" == message


def test_the_neighbours_of_a_zone_are_looked_for_once_per_list() -> None:
    """Ten thousand rows with the same mistake must not cost ten thousand searches."""
    nearest_zones.cache_clear()
    rows = (f"{SUBSCRIPTION},vault-{number},West US,rg,Berlyn" for number in range(50))

    problems = problems_of(read_csv, "\n".join([f"{HEADER},time_zone", *rows]))

    assert (50, 1) == (len(problems), nearest_zones.cache_info().misses)


def test_names_of_another_table_altogether_are_not_guessed_at() -> None:
    """All of them are reported; only so many as a slip may explain are compared with ours."""
    names = [f"regio{number}" for number in range(2 * MOST_GUESSES)]

    messages = [
        message
        for _, field, message in problems_of(read_json, {**OBJECT, **dict.fromkeys(names, 1)})
        if field in names
    ]

    assert (len(names), MOST_GUESSES) == (
        len(messages),
        sum("did you mean region?" in one for one in messages),
    )


def test_a_text_that_is_no_name_is_not_searched_for() -> None:
    """What is longer than any zone or column has no neighbours."""
    text = f"{HEADER},time_zone,{'region' * 50}\n{ROW},{'W. Europe Standard Tim' * 50},x\n"

    assert [False, False] == [
        "did you" in one[2] or "near" in one[2] for one in problems_of(read_csv, text)
    ]


def test_a_missing_column_is_reported_once() -> None:
    """Not once more for each row."""
    text = f"subscription_id,vault_name,region\n{SUBSCRIPTION},a1,b1\n{SUBSCRIPTION},a2,b2\n"

    assert [("line 1", "target_resource_group")] == places_of(read_csv, text)


def test_a_column_given_twice_is_refused() -> None:
    """Nobody can know which of the two was meant."""
    expected = ("line 1", "region", "stands 2 times in the header")

    assert [expected] == problems_of(read_csv, f"{HEADER},region\n{ROW},West US\n")


def test_the_same_vault_is_found_even_in_a_faulty_row() -> None:
    """A duplicate is reported although its row has another fault."""
    text = f"{HEADER}\n{ROW}\n{SUBSCRIPTION},Vault-One,westus,bad group\n"

    assert [("line 3", "target_resource_group"), ("line 3", "-")] == places_of(read_csv, text)


def test_lines_are_counted_through_quoted_line_breaks() -> None:
    """A cell that spans two lines does not shift the numbers that follow."""
    text = f'{HEADER}\n{SUBSCRIPTION},"vault\none",West US,rg\nx,vault-two,West US,rg\n'

    assert [("line 2", "vault_name"), ("line 4", "subscription_id")] == places_of(read_csv, text)


def test_a_row_of_another_width_is_refused() -> None:
    """Values that do not line up with the columns are not guessed at."""
    expected = ("line 2", "-", "has 3 values for 4 columns")

    assert [expected] == problems_of(read_csv, f"{HEADER}\na,b,c\n")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('"a"b,c,d,e', "not CSV: ',' expected after '\"'"),
        (f"{'a' * 200_000},b,c,d", "not CSV: field larger than field limit (131072)"),
    ],
)
def test_a_row_that_cannot_be_read_does_not_hide_the_others(row: str, message: str) -> None:
    """Its line is named, and what is wrong further down is told as well."""
    text = f"{HEADER}\n{ROW}\n{row}\nx,vault-two,West US,rg\n"

    assert [("line 3", "-", message), ("line 4", "subscription_id")] == [
        one if one[1] == "-" else one[:2] for one in problems_of(read_csv, text)
    ]


def test_a_quotation_mark_that_is_never_closed_is_found_where_it_was_opened() -> None:
    """The line of the row that swallowed the rest of the file is named."""
    text = f'{HEADER}\n{ROW}\n{SUBSCRIPTION},"vault-two,West US,rg\n{ROW}\n'

    ((where, _, message),) = problems_of(read_csv, text)

    assert ("line 3", True) == (where, "never closed" in message)


def test_without_a_header_that_can_be_read_no_row_is_judged() -> None:
    """One problem, and none that only follows from it."""
    assert [("line 1", "-")] == places_of(read_csv, f'"a"b,c\n{ROW}\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n ", "the file is empty"),
        (HEADER, "the file lists no vaults"),
        (f"{HEADER}\n{ROW}".replace(",", ";"), "separated by semicolons"),
        (f"{HEADER}\n{ROW}".replace(",", "\t"), "separated by tabs"),
        (json.dumps([OBJECT]), "the file is JSON, not CSV"),
        ("s\x00u\x00b\x00", "not text in UTF-8"),
        (",,,\r\n,,,\r\n", "the file is empty"),
        ('" ", "\u00a0"', "the file is empty"),
        ("\u00a0", "the file is empty"),
    ],
)
def test_a_file_of_another_kind_is_recognised(text: str, message: str) -> None:
    """The caller is told what the file is instead."""
    (problem,) = problems_of(read_csv, text)

    assert ("file", "-", True) == (problem[0], problem[1], message in problem[2])


def test_a_problem_names_the_vault_of_its_row() -> None:
    """A reader with the list in hand finds the row by the vault's name too."""
    with pytest.raises(InvalidInputError) as caught:
        read_csv(f"{HEADER}\nx,vault-one,West US,rg\n")

    assert ["vault-one"] == [one.vault for one in caught.value.problems]


def test_the_error_names_the_file() -> None:
    """The subject of the error is the source."""
    with pytest.raises(InvalidInputError) as caught:
        read_csv("")

    assert "vaults.csv" == caught.value.subject


@pytest.mark.parametrize(
    "body",
    [
        OBJECT,
        {"vaults": [OBJECT]},
        json.dumps(OBJECT),
        b"\xef\xbb\xbf" + json.dumps(OBJECT).encode(),
    ],
    ids=["object", "list", "text", "bytes with a byte-order mark"],
)
def test_a_body_is_one_vault_or_a_list(body: object) -> None:
    """All forms of a body give the same request."""
    assert (upgrade_request(),) == read_json(body)


def test_the_body_may_say_who_asks() -> None:
    """Its own requester and id win over the defaults."""
    body = {"requestedBy": "bob", "requestId": "wave-2", "vaults": [OBJECT]}

    assert (upgrade_request(requested_by="bob", request_id="wave-2"),) == read_json(body)


def read_signed_in(body: object) -> tuple[UpgradeRequest, ...]:
    """The requests of a body whose sender the platform knows."""
    return requests_from_json(
        body,
        requested_by="",
        request_id="request-7",
        requested_at=NOW,
        source="request body",
        signed_in_as="ada@example.org",
    )


@pytest.mark.parametrize("claim", [{}, {"requestedBy": "ada@example.org"}])
def test_the_signed_in_caller_is_the_requester(claim: dict[str, str]) -> None:
    """Said by nobody else, or said by the body in the same words."""
    assert (upgrade_request(),) == read_signed_in({**claim, "vaults": [OBJECT]})


def test_nobody_asks_under_another_name() -> None:
    """Otherwise they could approve their own request."""
    body = {"requestedBy": "bob@example.org", "vaults": [OBJECT]}
    expected = "must be left out or be ada@example.org, the signed-in caller"

    assert [("body", "requestedBy", expected)] == problems_of(read_signed_in, body)


def test_a_null_member_is_as_good_as_absent() -> None:
    """JSON null takes the default."""
    assert (upgrade_request(),) == read_json({**OBJECT, "timeZone": None, "requestId": None})


def test_every_problem_of_a_body_is_reported_at_once() -> None:
    """Envelope and vaults alike, each by its member's name."""
    body = {
        "requestId": "a/b",
        "vault": [],
        "vaults": [
            {**OBJECT, "approval": 3, "aproval": "x"},
            "vault-two",
            OBJECT,
            {"subscriptionId": SUBSCRIPTION},
        ],
    }

    assert [
        ("body", "requestId"),
        ("body", "vault"),
        ("vaults[0]", "aproval"),
        ("vaults[0]", "approval"),
        ("vaults[1]", "-"),
        ("vaults[2]", "-"),
        ("vaults[3]", "vaultName"),
        ("vaults[3]", "region"),
        ("vaults[3]", "targetResourceGroup"),
    ] == places_of(read_json, body)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ("[1", "-", "not JSON"),
        (b"\xff\xfe", "-", "not JSON"),
        ('{"region": "a", "region": "b"}', "-", "region given twice"),
        ("[" * 100_000, "-", "not JSON"),
        ([OBJECT], "-", "must be an object"),
        ({"vaults": {}}, "vaults", "must be a list"),
        ({"vaults": []}, "vaults", "the list holds no vaults"),
        ({"vaults": [OBJECT], "requestedBy": 7}, "requestedBy", "must be text"),
        ({"vaults": [OBJECT], "requestedBy": " "}, "requestedBy", "is missing"),
        ({"vaults": [OBJECT], "requestedBy": "x" * 201}, "requestedBy", "at most 200"),
    ],
)
def test_a_body_of_another_kind_is_refused(body: object, field: str, message: str) -> None:
    """The caller is told what is wrong with the body as a whole."""
    (problem,) = problems_of(read_json, body)

    assert ("body", field, True) == (problem[0], problem[1], message in problem[2])


def test_an_empty_object_lacks_everything() -> None:
    """Each required member is named."""
    assert {"subscriptionId", "vaultName", "region", "targetResourceGroup"} == {
        field for _, field in places_of(read_json, {})
    }


def test_the_same_vault_in_two_regions_is_two_vaults() -> None:
    """Name alone does not make a duplicate."""
    other = {**OBJECT, "region": "West Europe"}

    assert [VAULT.region, "West Europe"] == [
        one.vault.region for one in read_json({"vaults": [OBJECT, other]})
    ]


@pytest.mark.timeout(20)
def test_a_body_of_many_members_costs_no_more_than_its_length() -> None:
    """Two hundred thousand names are compared as a whole, not each with each."""
    body = json.dumps({f"member{number}": 1 for number in range(200_000)})

    assert 200_000 == len(parse_body(body))


def test_a_body_that_is_too_long_is_refused_unread() -> None:
    """Reading it would keep the process from everything else."""
    with pytest.raises(InvalidInputError) as refused:
        read_json(b"[" * (LONGEST_BODY + 1))

    assert "Split it" in refused.value.problems[0].message


def test_the_longest_list_a_campaign_takes_fits_a_body() -> None:
    """Ten thousand vaults with everything that can be said about them."""
    row = {
        **OBJECT,
        "vaultName": "v" * 50,
        "targetResourceGroup": "g" * 90,
        "timeZone": "Central America Standard Time",
        "logWorkspaceId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{'g' * 90}"
        f"/providers/Microsoft.OperationalInsights/workspaces/{'w' * 63}",
    }

    assert LONGEST_BODY > 2 * len(json.dumps([row] * 10_000))


@pytest.mark.parametrize("by", ["ada\nbob", "ada\rbob", "a\x00", "\x9b2J"])
def test_who_asks_is_one_line(by: str) -> None:
    """The name stands in lines of trails and reports."""
    with pytest.raises(InvalidInputError) as refused:
        read_json({"vaults": [OBJECT], "requestedBy": by})

    assert ["requestedBy"] == [one.field for one in refused.value.problems]
