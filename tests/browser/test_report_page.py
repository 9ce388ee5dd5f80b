"""The HTML report in a real browser: it loads alone, filters, reveals and prints."""

from datetime import timedelta

import pytest

from reports import report_html
from reports.model import build_report
from tests.browser.chromium import browsing, find_chromium
from tests.unit.reports.samples import NOON, mixed_reports, settlement

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]

SHOWN = "[...document.querySelectorAll('details.vault')].filter(e => !e.hidden).map(e => e.querySelector('h2').textContent)"
ROWS = "[...document.querySelectorAll('.overview tbody tr')].filter(e => !e.hidden).map(e => e.querySelector('th').textContent)"


@pytest.fixture
def address(tmp_path):
    """A report with a run of every kind, as a file."""
    report = build_report(
        mixed_reports(),
        settlements=[settlement()],
        generated_at=NOON + timedelta(hours=13),
        tool_version="0.1.0",
    )
    path = tmp_path / "report.html"
    path.write_text(report_html.render(report), "utf-8")
    return path.as_uri()


@pytest.fixture
async def page(tmp_path, address):
    """The report, opened."""
    async with browsing(tmp_path / "profile") as opened:
        await opened.open(address)
        yield opened


def typing(text):
    """JavaScript that types into the filter box."""
    return (
        "(() => { const box = document.getElementById('filter-text');"
        f" box.value = {text!r}; box.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )


async def test_page_loads_alone_and_without_complaint(page, address):
    """The page is the only thing that is loaded, and the console stays empty."""
    network = [url for url in page.requests if not url.startswith("data:")]

    assert ([address], []) == (network, page.problems)


async def test_style_and_script_run_under_the_policy(page):
    """The content security policy lets the page's own style and script through."""
    assert not await page.evaluate("document.getElementById('filter').hidden")
    assert "grid" == await page.evaluate(
        "getComputedStyle(document.querySelector('.cards')).display"
    )


async def test_injected_script_does_not_run(page):
    """A script that is not ours would not run, even if it got into the page."""
    await page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">')"
    )

    assert await page.evaluate("window.hit") is None
    assert any("Content Security Policy" in problem for problem in page.problems)


async def test_filter_finds_a_machine_in_the_details(page):
    """The filter looks into the details: a machine's name finds its vaults, and only those."""
    await page.evaluate(typing("FILES01"))

    assert ["vault-old-agent", "vault-policies"] == await page.evaluate(SHOWN)
    assert await page.evaluate(SHOWN) == await page.evaluate(ROWS)
    assert "2 of 5 vaults" == await page.evaluate(
        "document.getElementById('filter-count').textContent"
    )


async def test_every_word_of_the_filter_must_match(page):
    """Several words narrow the filter down."""
    await page.evaluate(typing("files01 8703"))

    assert ["vault-old-agent"] == await page.evaluate(SHOWN)


async def test_filter_without_match_says_so(page):
    """When nothing matches the page says so, and emptying the filter brings all back."""
    await page.evaluate(typing("no such thing"))

    assert [] == await page.evaluate(SHOWN)
    assert not await page.evaluate("document.getElementById('filter-none').hidden")

    await page.evaluate(typing(""))

    assert 5 == len(await page.evaluate(SHOWN))


async def test_filter_by_end_state(page):
    """Choosing an end state shows only the vaults that ended so, upgraded or settled."""
    await page.evaluate(
        "(() => { const box = document.getElementById('filter-state'); box.value = 'closed';"
        " box.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )

    assert ["vault-clean", "vault-old"] == await page.evaluate(SHOWN)
    assert await page.evaluate(SHOWN) == await page.evaluate(ROWS)


async def test_link_in_the_overview_opens_the_vault(page):
    """Following a vault's link opens its details."""
    before = await page.evaluate("document.getElementById('vault-1').open")
    await page.evaluate("document.querySelector('#overview a').click()")
    # The browser tells of a new fragment in a later task; one that we wait for comes after it.
    await page.call(
        "Runtime.evaluate",
        expression="new Promise(done => setTimeout(done, 50))",
        awaitPromise=True,
    )

    assert (False, True) == (
        before,
        await page.evaluate("document.getElementById('vault-1').open"),
    )


async def test_every_vault_is_open_on_paper(page):
    """For printing every vault is opened, and closed again afterwards."""
    closed = "document.querySelectorAll('details.vault:not([open])').length"
    before = await page.evaluate(closed)
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    printing = await page.evaluate(closed)
    await page.evaluate("window.dispatchEvent(new Event('afterprint'))")

    assert (True, 0, before) == (before > 0, printing, await page.evaluate(closed))


@pytest.mark.parametrize("width", [360, 1400])
async def test_page_never_scrolls_sideways(page, width):
    """Wide tables scroll by themselves; the page fits any screen."""
    await page.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=False,
    )

    assert width >= await page.evaluate("document.documentElement.scrollWidth")


async def test_dark_and_light_follow_the_reader(page):
    """The page takes the colour scheme the reader's system asks for."""
    colours = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await page.call("Emulation.setEmulatedMedia", features=features)
        colours.append(await page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ["rgb(246, 247, 249)", "rgb(14, 17, 22)"] == colours
