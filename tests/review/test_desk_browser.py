"""Leads at the rubric desk in a real Chromium: by keyboard alone, on a phone, with any eyes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from tests.review.conftest import QUICK, fill, talk
from tests.review.desk import copy_project
from tests.review.test_browser import CHROMIUM, LOOKS, Enter, assert_readable, chromium, enter

from clearbar.project import Project
from clearbar.review import create_app
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric
from clearbar.settings import Settings
from clearbar.store import Store

__all__ = ["chromium", "enter"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")]


@pytest.fixture
def own(project: Project, tmp_path: Path) -> Project:
    return copy_project(project, tmp_path / "own")


@pytest.fixture
def app(own: Project, settings: Settings, store: Store) -> FastAPI:
    """The room over a project whose rubrics may be written."""
    return create_app(own, settings, store, hasher=QUICK)


@pytest.fixture
def graded(store: Store, rubric: Rubric) -> None:
    begun = datetime.now(UTC) - timedelta(days=3)
    talks = [talk(number).model_copy(update={"started_at": begun, "topic": "spam" if number < 2 else None}) for number in range(8)]
    fill(store, rubric, [(one, ("empathy",)) for one in talks], sample=False)


def tab_to(page: Page, selector: str) -> None:
    """Go on with the tab key until something has the focus, as somebody without a mouse does."""
    for _ in range(120):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the tab key does not reach {selector}")


def go(page: Page) -> None:
    """Press Enter and wait for the page that follows."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.usefixtures("graded")
def test_a_lead_changes_the_rubric_by_keyboard_alone_and_another_one_approves(enter: Enter, own: Project) -> None:
    lea = enter("lea")
    lea.goto("/rubric")
    tab_to(lea, "form[action='/rubric/changes'] button")
    go(lea)
    tab_to(lea, "a[href$='/criteria/empathy']")
    go(lea)
    lea.wait_for_url("**/criteria/empathy")
    tab_to(lea, "[name=asks]")
    lea.keyboard.press("Control+a")
    lea.keyboard.type("Was the agent kind and did they solve it?")
    tab_to(lea, ".foot button")
    go(lea)
    expect(lea.locator("[name=asks]")).to_have_attribute("aria-invalid", "true")
    expect(lea.locator("[name=asks]")).to_have_accessible_description(
        "Error: asks two things at once; ask one thing; make two criteria of two."
    )
    tab_to(lea, "[name=asks]")
    lea.keyboard.press("Control+a")
    lea.keyboard.type("Did the agent acknowledge what the trouble means to the customer?")
    tab_to(lea, "[name=weight]")
    lea.keyboard.press("Control+a")
    lea.keyboard.type("14")
    go(lea)  # sends the form
    lea.get_by_text("In force: 8").wait_for()
    tab_to(lea, ".foot a")
    go(lea)
    lea.wait_for_url("**/rubric/changes/1")
    tab_to(lea, "a[href$='/preview']")
    go(lea)
    lea.get_by_text("Only scores change.").wait_for()
    tab_to(lea, "p > a.button[href='/rubric/changes/1']")
    go(lea)
    lea.wait_for_url("**/rubric/changes/1")
    tab_to(lea, "[name=why]")
    lea.keyboard.type("Trouble is what people call about")
    tab_to(lea, "form[action$='/propose'] button")
    go(lea)
    lea.get_by_text("Another lead or an admin decides.").wait_for()
    leo = enter("leo")
    leo.goto("/notices")
    tab_to(leo, "a[href='/rubric/changes/1']")
    go(leo)
    leo.get_by_text("Trouble is what people call about").wait_for()
    tab_to(leo, "form[action$='/approve'] button.main")
    go(leo)
    leo.get_by_text("In force", exact=True).wait_for()
    now = load_rubric(own.root / "rubrics" / "service_bar.yaml")
    assert (now.version, now.criterion("empathy").weight) == ("1.1", 14)


@pytest.mark.usefixtures("graded")
def test_a_lead_sees_how_many_an_exclusion_would_leave_out_before_it_holds(enter: Enter) -> None:
    lea = enter("lea")
    lea.goto("/exclusions")
    lea.get_by_label("What").select_option("Topic is")
    lea.get_by_label("Value").fill("Spam")
    lea.get_by_role("button", name="See how many").click()
    expect(lea.get_by_role("status")).to_contain_text("2 of 8")
    lea.get_by_label("Why should they be left out").fill("advertising")
    lea.get_by_role("button", name="Leave out from now on").click()
    expect(lea.get_by_role("row", name="Topic is")).to_contain_text("2 of 8")


@pytest.mark.usefixtures("graded")
@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "phone"])
def test_the_desk_passes_axe_and_fits_a_phone(enter: Enter, look: dict[str, object]) -> None:
    lea = enter("lea", **look)
    lea.goto("/rubric")
    lea.get_by_role("button", name="Begin a draft").click()
    lea.goto("/rubric/changes/1/criteria/empathy")
    lea.locator("[name=asks]").fill("Was the agent appropriately kind and did they solve it?")
    lea.locator("[name=weight]").fill("40")
    lea.get_by_role("button", name="Save").click()
    here = "/rubric/changes/1"
    pages = ["/rubric", here, f"{here}/criteria/empathy", f"{here}/whole", f"{here}/preview", f"{here}/preview?by=rules"]
    for address in [*pages, "/exclusions?field=topic&value=spam"]:
        lea.goto(address)
        assert_readable(lea, address)
    lea.goto(f"{here}/criteria/empathy")
    lea.locator("[name=asks]").fill("Was the agent kind?")
    lea.get_by_role("button", name="Save").click()
    lea.goto(here)
    lea.locator("[name=why]").fill("Shorter")
    lea.get_by_role("button", name="Send for approval").click()
    leo = enter("leo", **look)
    leo.goto(here)
    leo.get_by_text("The file, line by line").click()
    assert_readable(leo, "a change that waits")


@pytest.mark.usefixtures("graded")
def test_the_desk_works_without_script(enter: Enter) -> None:
    lea = enter("lea", java_script_enabled=False)
    lea.goto("/rubric")
    lea.get_by_role("button", name="Begin a draft").click()
    lea.get_by_role("link", name="Courtesy").first.click()
    lea.locator("[name=weight]").fill("11")
    lea.get_by_role("button", name="Save").click()
    expect(lea.get_by_text("In force: 10")).to_be_visible()
