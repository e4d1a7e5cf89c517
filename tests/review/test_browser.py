"""People at work in a real Chromium: reviewing by keyboard, calibrating, contesting; reading with any eyes."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.review.conftest import PASSWORD, fill, talk

from clearbar.label import LabelKind
from clearbar.rubric import Rubric
from clearbar.store import StaffRole, State, Store

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")]
WAIT = 30_000
Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=WAIT)
        yield browser
        browser.close()


@pytest.fixture
def enter(chromium: Browser, room: str) -> Iterator[Enter]:
    """Sign somebody in and return their page; a page that reports a fault fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def signed_in(name: str, **options: object) -> Page:
        context = chromium.new_context(base_url=room, **options)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto("/sign-in")
        page.get_by_label("Name").focus()
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD.format(name))
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "sign-in" not in address)
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert faults == []


def press(page: Page, keys: str) -> int:
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def ready(page: Page) -> None:
    expect(page.locator("html.js")).to_be_attached()


def take(page: Page) -> int:
    """Go on with Enter, as the button has the focus; return the keys that took."""
    expect(page.locator("button:focus")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/*")
    ready(page)
    return 1


def test_a_reviewer_reviews_five_conversations_by_keyboard_alone(store: Store, rubric: Rubric, enter: Enter) -> None:
    failing = ("courtesy",)
    fill(store, rubric, [(talk(number), failing if number < 2 else ()) for number in range(5)])
    page = enter("rex")
    corrected = 0
    for _ in range(5):
        keys = take(page)
        expect(page.locator("mark")).to_have_count(0)  # blind: no passage of the grader's
        keys += press(page, "2" * 15)
        expect(page.locator("progress")).to_have_js_property("value", 15)
        keys += press(page, "c")
        page.locator("h2", has_text="Reviewed").or_(page.locator("h2", has_text="Look at the differences")).wait_for()
        if page.locator("h2", has_text="Look at the differences").count():
            ready(page)
            active = page.locator("fieldset.active")
            expect(active).to_have_attribute("data-criterion", "courtesy")
            expect(page.locator("mark.lit")).to_have_text("I am sorry.")  # the grader's evidence
            press(page, "n")
            page.keyboard.type("polite throughout, 2 and j are letters here")
            page.keyboard.press("Escape")
            expect(page.locator("#saved")).to_have_text("Saved")
            press(page, "c")
            page.locator("h2", has_text="Reviewed").wait_for()
            corrected += 1
        else:
            assert keys <= 15 + 3
    assert corrected == 2
    kinds = [label.kind for label in store.labels()]
    assert (kinds.count(LabelKind.BLIND), kinds.count(LabelKind.REVEALED)) == (5, 2)
    assert {one.state for one in store.assignments()} == {State.DONE}
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in")
    page.goto("/queue")
    assert "/sign-in" in page.url


def test_a_lead_verifies_what_they_agree_with_in_two_keys(store: Store, rubric: Rubric, enter: Enter) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",))])
    page = enter("lea")
    page.goto("/auto-fails")
    page.get_by_role("button", name="Verify c1").focus()
    keys = take(page)
    expect(page.locator("mark").first).to_be_visible()
    keys += press(page, "c")
    page.locator("h2", has_text="Verify").wait_for()
    page.get_by_text("Done. 15 of 15 as the grader said.").wait_for()
    assert keys <= 5
    assert [label.kind for label in store.labels()] == [LabelKind.REVEALED]


def test_selected_words_become_a_passage_at_exact_offsets_and_light_up_from_both_sides(store: Store, rubric: Rubric, enter: Enter) -> None:
    from clearbar.transcript import Role, Turn  # noqa: PLC0415

    turns = (
        Turn(role=Role.CUSTOMER, text="😀😀 hi\r\nthere 👋🏽 [NAME_1], help me"),
        Turn(role=Role.AGENT, text="Sure", agent="agent-ann"),
    )
    fill(store, rubric, [(talk(1, turns=turns), ())])
    page = enter("rex")
    take(page)
    page.evaluate(
        """() => { const words = document.querySelector('#t0 .words'); const range = document.createRange();
        const walker = document.createTreeWalker(words, NodeFilter.SHOW_TEXT); const first = walker.nextNode(); let last = first;
        for (let node; (node = walker.nextNode());) last = node;
        range.setStart(first, first.data.indexOf('there')); range.setEnd(last, last.data.indexOf(' me'));
        getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    press(page, "a")
    expect(page.locator("#saved")).to_have_text("Saved")
    text = turns[0].text
    start, end = text.index("there"), text.index(" me")
    (draft,) = store.drafts(1).values()
    assert draft.spans == ((0, start, end),)
    expect(page.locator("mark.lit").first).to_contain_text("there")
    assert page.locator("#t0 .words").evaluate("node => node.textContent") == text
    press(page, "j")
    expect(page.locator("mark.lit")).to_have_count(0)
    page.locator("mark").first.hover()
    expect(page.locator("#c-courtesy")).to_have_class("criterion lit")
    page.locator("mark").first.click()
    expect(page.locator("fieldset.active")).to_have_attribute("data-criterion", "courtesy")
    press(page, "]]a")  # a whole turn, without a mouse
    expect(page.locator("#c-courtesy .chip")).to_have_count(2)
    page.locator("#c-courtesy .chip button").first.click()
    expect(page.locator("#c-courtesy .chip")).to_have_count(1)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert store.drafts(1)["courtesy"].spans == ((1, 0, 4),)


def test_nothing_is_lost_when_the_connection_fails_and_the_page_is_loaded_anew(store: Store, rubric: Rubric, enter: Enter) -> None:
    fill(store, rubric, [(talk(1), ())])
    page = enter("rex")
    take(page)
    page.context.set_offline(True)
    press(page, "3")
    expect(page.locator("#saved")).to_contain_text("Not saved: no connection")
    assert store.drafts(1) == {}
    page.context.set_offline(False)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    ready(page)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert store.drafts(1)["courtesy"].level == "vaults"


def test_a_change_in_another_window_is_told_and_not_laid_over(store: Store, rubric: Rubric, enter: Enter) -> None:
    fill(store, rubric, [(talk(1), ())])
    page = enter("rex")
    take(page)
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    press(page, "3")
    expect(page.locator("#saved")).to_have_text("Saved")
    press(other, "1")
    expect(other.locator("#saved")).to_contain_text("changed in another window")
    assert store.drafts(1)["courtesy"].level == "vaults"
    other.once("dialog", lambda dialog: dialog.accept())
    other.close(run_before_unload=False)


def test_a_lead_runs_a_calibration_session(store: Store, rubric: Rubric, enter: Enter) -> None:
    fill(store, rubric, [(talk(1), ())])
    lea = enter("lea")
    lea.goto("/calibrations")
    lea.get_by_label("Title").fill("Week 46")
    for who in ("Rex", "Rita"):
        lea.get_by_role("checkbox", name=who).check()
    lea.get_by_role("checkbox", name="c1").check()
    lea.get_by_role("button", name="Open").click()
    lea.get_by_text("0 of 2 committed").wait_for()
    for name, keys in (("rex", "1" + "2" * 14), ("rita", "2" * 15)):
        page = enter(name)
        take(page)
        press(page, keys)
        expect(page.locator("progress")).to_have_js_property("value", 15)
        press(page, "c")
        page.get_by_text("They are compared when the session is closed.").wait_for()
    lea.reload()
    lea.get_by_role("button", name="Close the session").click()
    row = lea.locator("tr.split")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Courtesy")
    row.get_by_role("combobox").select_option("Clears the bar")
    lea.get_by_role("button", name="Record what you agreed on").click()
    expect(lea.get_by_label("Courtesy: agreed level")).to_have_value("clears")
    assert store.labels(kinds=[LabelKind.CONSENSUS])[0].levels["courtesy"] == "clears"


def test_an_agent_contests_and_sees_the_outcome_but_no_colleagues_conversation(store: Store, rubric: Rubric, enter: Enter) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",)), (talk(2, agent="agent-other"), ())])
    ann = enter("ann")
    answer = ann.goto("/conversation?source=desk&id=c2")
    assert answer is not None
    assert answer.status == 404
    ann.goto("/conversations")
    ann.get_by_role("link", name="c1").click()
    courtesy = ann.locator("#c-courtesy")
    courtesy.get_by_text("Contest this").click()
    courtesy.get_by_label("Why").fill("I apologised and was polite.")
    courtesy.get_by_role("button", name="Contest").click()
    ann.get_by_text("Open. A decision is due on").wait_for()
    lea = enter("lea")
    lea.goto("/notices")
    lea.get_by_role("link", name="Dispute 1 waits for a decision").click()
    lea.get_by_label("Your reasons").fill("Polite throughout.")
    lea.get_by_role("button", name="Decide").click()
    lea.get_by_text("Accepted: Clears the bar").wait_for()
    ann.goto("/notices")
    ann.get_by_role("link", name="Your dispute 1 was decided").click()
    ann.get_by_text("Accepted: Clears the bar").wait_for()


def test_the_conversation_can_be_read_without_script(store: Store, rubric: Rubric, enter: Enter) -> None:
    fill(store, rubric, [(talk(1), ())])
    page = enter("rex", java_script_enabled=False)
    page.get_by_role("button", name="Take the next one").click()
    expect(page.get_by_text("at a loss")).to_be_visible()
    expect(page.locator("textarea").first).to_be_visible()
    page.locator("input[name='level.courtesy'][value=below]").check(force=True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("input[name='level.courtesy'][value=below]")).to_be_checked()


LOOKS = [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"color_scheme": "light", "viewport": {"width": 390, "height": 800}}]


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "phone"])
def test_pages_pass_axe_and_fit_a_phone(store: Store, rubric: Rubric, enter: Enter, look: dict[str, object]) -> None:
    fill(store, rubric, [(talk(24 * number), ("courtesy",)) for number in range(8)])
    lea = enter("lea", **look)
    lea.goto("/queue")
    take(lea)
    press(lea, "213")
    review = lea.url
    pages = ["/queue", review, "/auto-fails", "/conversations", "/conversation?source=desk&id=c48", "/disputes", "/calibrations"]
    for address in [*pages, "/figures", "/quality", "/coaching", "/exclusions", "/notices"]:
        lea.goto(address)
        assert_readable(lea, address)
    store.save_person("zoe", role=StaffRole.VIEWER, shown="Zoe", by=f"the page {'0a' * 32}")  # a word as long as a digest
    ada = enter("ada", **look)
    for address in ("/people", "/trail", "/erase", "/nowhere"):
        ada.goto(address)
        assert_readable(ada, address)


def assert_readable(page: Page, address: str) -> None:
    if "/reviews/" in address:
        ready(page)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == [], address
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"{address} is wider than the screen"
