"""The page in a real browser: accessible, asking for nothing, readable on a phone, in the dark and on paper."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clearbar.report import Agreements, Difference, PullCounts, ReportItem, RunFacts, TeamReport, write_reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
]  # fmt: skip
Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only these tests need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=120_000)
        yield browser
        browser.close()


@pytest.fixture
def folder(item: Item, build: Build, measured: Agreements, tmp_path: Path) -> Path:
    """Three teams: one that shows everything, one too small, one without a name."""
    levels: tuple[dict[str, str], ...] = (
        {"help": "below"},
        {"courtesy": "below", "duty": "no"},
        {"help": "vaults", "courtesy": "vaults"},
        {"help": "?", "duty": "-"},
        {},
    )
    long = "unbreakable" * 40
    items = [
        item(
            number,
            levels[number % 5],
            texts=(f"Where is it? {long}", "No idea. 🤷🏽"),
            agents=(f"agent-{number % 2}",),
            url="https://desk.example/1",
        )
        for number in range(1, 41)
    ]
    run = RunFacts(
        counts=PullCounts(pulled=44, graded=42, filtered=2), filtered={"another team": 2}, why_rules="no language model is set up"
    )
    reports = [
        build(items, measured=[measured], run=run),
        build(items[:2], team="small", run=run),
        build(items[:30], team=None, run=run),
    ]
    differences = [Difference(better="orders", worse="no-team", of="the share that clears the bar", p=0.01)]
    write_reports(reports, tmp_path, differences=differences)
    return tmp_path


PAGES = ("index.html", "orders/index.html", "small/index.html", "no-team/index.html")


def _note(asked: list[str], request: "Request") -> None:
    asked.append(request.url)


def _open(browser: "Browser", path: Path, **context: Any) -> "Page":
    page = browser.new_page(**context)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_fault(browser: "Browser", folder: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - as above

    for name in PAGES:
        page = _open(browser, folder / name, color_scheme=scheme)
        found = Axe().run(page)
        told = [(fault["id"], node["target"]) for fault in found.response["violations"] for node in fault["nodes"][:3]]
        page.close()
        assert told == [], name


@pytest.mark.parametrize("width", [390, 320])
def test_pages_fit_a_phone(browser: "Browser", folder: Path, width: int) -> None:
    for name in PAGES:
        page = _open(browser, folder / name, viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.close()


def test_a_page_asks_for_nothing_but_itself(browser: "Browser", folder: Path) -> None:
    for name in PAGES:
        page = browser.new_page(java_script_enabled=False)
        asked: list[str] = []
        page.on("request", partial(_note, asked))
        page.goto((folder / name).as_uri())
        assert asked == [(folder / name).as_uri()]
        page.close()


def test_on_paper_every_conversation_is_unfolded(browser: "Browser", folder: Path) -> None:
    page = _open(browser, folder / "orders/index.html")
    folded = page.locator("details.talk:not([open]) .verdict")
    assert folded.count() > 0
    assert folded.first.bounding_box() is None or not folded.first.is_visible()
    page.emulate_media(media="print")
    assert folded.first.is_visible()
    page.close()
