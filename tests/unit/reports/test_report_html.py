"""The HTML report as text: what it says, what it escapes, what it never contains."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from importlib import resources

import pytest

from domain.checklist import checklist
from domain.findings import Verdict
from domain.outcomes import ManualTask
from domain.upgrade import PrerequisiteReason, RunState, Severity
from domain.work_list import WorkItem
from reports import report_html
from reports.model import UnfinishedRun, build_report
from reports.words import STATES, settled_wording
from tests.unit.reports.samples import (
    NOON,
    TIMES,
    blocked_report,
    failed_report,
    finding,
    mixed_reports,
    outlook,
    report,
    settlement,
)

NASTY = "<script>alert('x')</script>\"&"
VOID = {"meta", "link", "input", "rect", "br"}


class Page(HTMLParser):
    """Collects what a test asks about; fails on tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.text = []
        self.rows = []
        self._open = []
        self.feed(text)
        assert [] == self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.rows[-1] = [cell.strip() for cell in self.rows[-1]]
        if tag not in VOID:
            assert tag == self._open.pop()

    def handle_data(self, data):
        if {"td", "th"} & set(self._open) and self.rows[-1]:
            self.rows[-1][-1] += data
        self.text.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def render(*reports, settlements=(), unfinished=(), evidence_path="evidence"):
    """The page about these runs."""
    built = build_report(
        reports,
        settlements=settlements,
        generated_at=NOON,
        tool_version="0.1.0",
        unfinished=unfinished,
    )
    return report_html.render(built, evidence_path=evidence_path)


def test_page_nests_and_has_one_main_heading():
    """Every tag is closed in its place, and the page has exactly one first heading."""
    page = Page(render(*mixed_reports()))

    assert 1 == len(page.of("h1"))


def test_page_asks_nobody_for_anything():
    """No address of another server stands in the page, only links to the evidence beside it."""
    page = Page(render(*mixed_reports()))
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"href", "src", "srcset", "action", "data"}
    ]

    assert [] == [a for a in addresses if not a.startswith(("#", "evidence/", "data:,"))]


def test_policy_allows_exactly_the_inline_script():
    """The content security policy names the hash of the script that is in the page."""
    text = render(report())
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = Page(text).of("meta")[1]["content"]

    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_every_string_is_escaped():
    """A vault full of markup is shown as text wherever it appears."""
    reason = PrerequisiteReason(
        severity=Severity.ERROR,
        category=NASTY,
        code=NASTY,
        message=NASTY,
        rows=((NASTY, NASTY),),
        recommended_action=NASTY,
    )
    bad = replace(finding(Verdict.FAIL, subject=NASTY), message=NASTY, what_to_do=NASTY)
    made = report(
        NASTY,
        RunState.STOPPED,
        reasons=(NASTY,),
        findings=(bad,),
        prerequisites=(reason,),
        tasks=(ManualTask(subject=NASTY, text=NASTY, check_id=NASTY),),
    )
    run = UnfinishedRun(vault=NASTY, run_id=NASTY, last_document=NASTY, recorded_at=NOON)
    text = render(replace(made, requested_by=NASTY, trigger=NASTY), unfinished=(run,))

    assert 1 == text.count("<script>")
    assert "alert('x')</script>\"" not in text
    assert NASTY in "".join(Page(text).text)


def test_prerequisites_have_a_row_per_machine():
    """A failed check with two old agents shows two rows, each with its machine and version."""
    rows = Page(render(blocked_report())).rows
    machines = [row for row in rows if row[0].startswith("files0")]

    assert [
        ("files01.contoso.example", "2.0.8703.0"),
        ("files02.contoso.example", "2.0.9062.0"),
    ] == [(row[0], row[2].split("Agent")[0].strip()) for row in machines]


def test_plain_message_is_one_row_about_the_vault():
    """A message that is no table is one row about the vault itself."""
    reason = PrerequisiteReason(
        severity=Severity.WARNING,
        category="Billing",
        code="StorageBilling",
        message="The billing model changes.",
        rows=(("The billing model changes.",),),
        recommended_action="Agree to it.",
    )

    assert [(reason, "", "The billing model changes.")] == report_html.prerequisite_rows((reason,))


def test_finding_shows_its_evidence():
    """A finding shows field, raw value, request id and time of what it rests on."""
    text = "".join(Page(render(report(findings=(finding(Verdict.FAIL),)))).text)

    for part in ("properties.timeZone", "UTC", "1f0c9a52-8a4e", "2017-09-05 12:01:00 UTC"):
        assert part in text


def test_absent_field_is_told_from_an_empty_one():
    """A field that was not there is called absent."""
    rows = Page(render(report(findings=(finding(Verdict.FAIL),)))).rows

    assert "absent" in next(row for row in rows if row[0] == "properties.settings")[1]


def test_findings_to_act_on_come_first():
    """Failures come before unknowns, and those before passes."""
    verdicts = (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN, Verdict.FAIL)
    ordered = report_html.sort_findings(tuple(finding(verdict) for verdict in verdicts))

    assert [Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE] == [
        one.verdict for one in ordered
    ]


@pytest.mark.parametrize(
    ("made", "is_open"),
    [
        (report(), False),
        (report(findings=(finding(Verdict.PASS),)), False),
        (report(findings=(finding(Verdict.UNKNOWN),)), True),
        (failed_report(), True),
        (blocked_report(), True),
    ],
    ids=["closed", "closed-passes", "closed-unknown", "failed", "blocked"],
)
def test_only_vaults_that_need_attention_are_open(made, is_open):
    """Details are open where a reader has to do or know something."""
    (section,) = [a for a in Page(render(made)).of("details") if a["class"].startswith("vault")]

    assert is_open == ("open" in section)


def test_support_bundle_is_linked_below_the_evidence():
    """The support bundle is one click away, wherever the evidence lies."""
    made = failed_report()
    links = [a["href"] for a in Page(render(made, evidence_path="../kept/")).of("a")]

    assert f"../kept/{made.support_bundle}" in links


def test_the_checklist_shows_each_statement_with_what_is_open():
    """The reader sees which promise of the article does not hold, and for whom."""
    open_one = finding(Verdict.FAIL, subject="files01")
    entries = checklist([replace(open_one, check_id="agent-version")])
    text = "".join(Page(render(replace(report(), checklist=entries))).text)

    assert "Every agent is at least 2.0.9083.0" in text
    assert "files01" in text


def test_a_report_without_a_checklist_has_no_empty_table():
    """Reports of earlier versions, and vaults that were not upgraded, have none."""
    assert "What the upgrade article says" not in render(report())


def test_unfinished_runs_are_named():
    """A run without an end is listed, so that its absence below is not taken for a success."""
    run = UnfinishedRun(
        vault="vault-lost",
        run_id="r-9",
        last_document="vaults/0/runs/r-9/03.json",
        recorded_at=NOON,
    )
    text = "".join(Page(render(unfinished=(run,))).text)

    assert "vault-lost" in text
    assert "No run has ended yet." in text


def test_whatever_scrolls_is_reached_by_the_keyboard_and_named():
    """What lies to the right of a narrow screen is not for pointers only."""
    page = Page(render(*mixed_reports()))
    scrollers = [one for one in page.of("div") if "scroll" in (one.get("class") or "").split()]
    names = [one.get("aria-label") or one.get("aria-labelledby") for one in scrollers]

    assert (True, {"0"}, True) == (
        len(scrollers) > 3,
        {one.get("tabindex") for one in scrollers},
        all(names),
    )


def test_every_table_has_column_headings_with_scope():
    """Tables can be read aloud: their heads are marked as heads."""
    page = Page(render(*mixed_reports()))

    assert {"col", "row"} == {attributes.get("scope") for attributes in page.of("th")}


def _luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _palettes():
    css = resources.files("reports").joinpath("templates/report.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


TEXT_ON_GROUND = [
    *((ink, ground) for ink in ("ink", "soft", "link") for ground in ("page", "sheet", "head")),
    *((tone, f"{tone}-back") for tone in ("good", "attention", "bad", "neutral")),
    *((tone, "sheet") for tone in ("good", "attention", "bad")),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON_GROUND)
def test_text_has_contrast(scheme, ink, ground):
    """All text has the 4.5 : 1 that WCAG 2.2 AA asks for, light and dark."""
    palette = _palettes()[scheme]

    assert _contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize(
    ("reports", "settlements", "title"),
    [
        ([report()], [], "Vault upgrades"),
        ([], [settlement()], "Settled vaults"),
        ([report()], [settlement()], "Vault upgrades and settlements"),
        ([], [], "Vault upgrades"),
    ],
)
def test_the_page_is_named_by_what_it_shows(reports, settlements, title):
    """Tags nest in every combination, too."""
    text = render(*reports, settlements=settlements)

    assert f"<h1>{title}</h1>" in text
    assert Page(text)


def test_a_settlement_shows_what_times_mean_before_and_after():
    """Local time, moment and clock changes of every policy, and the way back."""
    made = settlement()
    text = " ".join("".join(Page(render(settlements=[made])).text).split())

    assert "As found: Runs daily at 22:30 on the clock of a zone it does not name." in text
    assert f"As set: {TIMES}" in text
    assert f'href="evidence/{made.policies[0].undo}"' in render(settlements=[made])


def test_a_dry_run_says_what_would_be_written():
    """And says of itself that it wrote nothing."""
    planned = outlook(written="", message="", undo="")
    change = "Daily: properties.timeZone from (absent) to UTC"
    made = settlement(is_dry_run=True, pending_changes=(change,), policies=(planned,))
    text = "".join(Page(render(settlements=[made])).text)

    assert ("As planned:" in text, "settled, dry run" in text, change in text) == (True, True, True)


def test_a_settlement_shows_findings_checklist_tasks_and_work():
    """As much as an upgrade does."""
    row = WorkItem(
        owner="it@contoso.example",
        machine="fs01.contoso.example",
        vault="vault-old",
        check_id="agent-version",
        found="agent 2.0.8703.0",
        what_to_do="Install the latest agent.",
    )
    task = ManualTask(subject="fs01", text="Install the latest agent.", check_id="agent-version")
    made = settlement(findings=(finding(Verdict.FAIL),), tasks=(task,), work_list=(row,))
    page = Page(render(settlements=[made]))
    cells = {cell for cells in page.rows for cell in cells}

    assert {"time-zone", "it@contoso.example", "fs01.contoso.example", "fs01"} <= cells
    assert any(cell.startswith("Every policy that keeps a time zone") for cell in cells)


def test_strings_of_a_settlement_are_escaped():
    """Names of policies and words of the service come from outside."""
    bad = outlook(policy=NASTY, reason=NASTY, message=NASTY, undo=NASTY, now=(NASTY,))
    made = settlement(NASTY, policies=(bad,), pending_changes=(NASTY,), requested_by=NASTY)
    text = render(settlements=[made])

    assert 1 == text.count("<script>")
    assert "alert('x')</script>\"" not in text


@pytest.mark.parametrize("state", [state for state in STATES if state is not RunState.BLOCKED])
def test_every_end_of_a_settlement_has_words_of_its_own(state):
    """None speaks of an upgrade that was started, or a bundle that is not there."""
    wording = settled_wording(state)

    assert "Upgraded" not in wording.meaning
    assert "bundle" not in wording.meaning


def test_the_cards_count_what_is_open_now():
    """An upgrade's findings do not count once the vault was settled, and the page says so."""
    upgraded = report(findings=(finding(Verdict.FAIL),))
    later = settlement(upgraded.outcome.vault.name)
    ended = upgraded.outcome.ended_at + timedelta(days=1)
    outcome = replace(later.outcome, vault=upgraded.outcome.target, ended_at=ended)
    text = render(upgraded, settlements=[replace(later, outcome=outcome)])

    assert "<strong>0</strong> findings to look at" in text
    assert "1 vault was settled since the upgrade" in text


@pytest.mark.parametrize(("rate", "is_said"), [(1.0, False), (900.0, True)])
def test_a_virtual_clock_is_named(rate, is_said):
    """Whoever reads when the report was made must not take it for the time of day."""
    built = build_report([report()], generated_at=NOON, tool_version="1", clock_rate=rate)
    text = report_html.render(built)

    assert is_said is ("a virtual clock that ran 900 times as fast as real time" in text)
    assert is_said is ("virtual clock" in text)
