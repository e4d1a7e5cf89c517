"""The rubric desk: a draft without YAML, findings beside fields, a preview, approval by another person, and the file as the source."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from tests.review.conftest import QUICK, SignIn, fill, talk
from tests.review.desk import TODAY, TOMORROW, Desk, Fields, copy_project, words

from clearbar.pipeline.rubric_change import Preview, preview
from clearbar.pipeline.rubric_desk import put_in_force
from clearbar.project import Project
from clearbar.review import create_app
from clearbar.rubric import Gate, Rubric
from clearbar.rubric_file import load_rubric, open_rubric
from clearbar.settings import Settings
from clearbar.store import ChangeState, Store

LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def own(project: Project, tmp_path: Path) -> Project:
    return copy_project(project, tmp_path / "own")


@pytest.fixture
def yaml_file(own: Project) -> Path:
    return own.root / "rubrics" / "service_bar.yaml"


@pytest.fixture
def app(own: Project, settings: Settings, store: Store) -> FastAPI:
    return create_app(own, settings, store, hasher=QUICK)


@pytest.fixture
def lea(sign_in: SignIn) -> Desk:
    return Desk(sign_in("lea"))


def test_a_form_that_nobody_touched_changes_nothing(lea: Desk) -> None:
    lea.begin()
    for page in ["/whole", *(f"/criteria/{one['id']}" for one in lea.browser.get("/rubric.json").json()["rubric"]["criteria"])]:
        assert lea.submit(page, page).status_code == 303
    assert lea.data()["edits"] == []


def test_an_edit_goes_from_form_to_file_once_somebody_else_approves_it(lea: Desk, sign_in: SignIn, own: Project, yaml_file: Path) -> None:
    before = yaml_file.read_text()
    lea.begin()
    typed = {
        "weight": "12",
        "gate": "",
        "level.clears": "Polite wording, and a greeting.",
        "notes": "A missing greeting alone is not below.",
    }
    lea.edit("courtesy", **typed)
    lea.whole(**{"scale.bar.clears.points": "75", "limit.chat.gap_seconds": "200", "band.vaults.from_score": "90"})
    assert yaml_file.read_text() == before
    assert lea.propose(why="Greetings matter").status_code == 303
    assert yaml_file.read_text() == before
    leo = lea.of(sign_in("leo"))
    assert "waits for approval" in words(leo.browser.get("/notices").text)
    assert leo.approve("Good").status_code == 303
    now = load_rubric(yaml_file)
    courtesy = now.criterion("courtesy")
    assert (now.version, courtesy.weight, courtesy.gate, courtesy.levels["clears"]) == ("1.1", 12, None, "Polite wording, and a greeting.")
    assert courtesy.notes == ("A missing greeting alone is not below.",)
    assert (now.level("courtesy", "clears").points, now.limits["chat"]["gap_seconds"], now.bands[-1].from_score) == (75, 200, 90)
    changed = [line for line in yaml_file.read_text().splitlines() if line not in before.splitlines()]
    assert len(changed) == 7
    (change,) = leo.browser.get("/rubric.json").json()["history"]
    assert (change["version"], change["author"], change["decided_by"], change["why"]) == ("1.1", "lea", "leo", "Greetings matter")
    assert "is in force" in words(lea.browser.get("/notices").text)
    assert open_rubric("service_bar", own).version == "1.1"


def test_nobody_approves_alone(lea: Desk, sign_in: SignIn, yaml_file: Path, store: Store) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose()
    refused = lea.browser.post(f"{lea.here}/approve", version_seen="3")
    assert refused.status_code == 409
    assert "Nobody approves a change of their own" in refused.text
    assert load_rubric(yaml_file).version == "1.0"
    rex = sign_in("rex")
    assert rex.post(f"{lea.here}/approve", version_seen="3").status_code == 403
    (change,) = store.changes()
    assert change.state is ChangeState.PROPOSED


def test_criteria_are_added_worded_and_taken_out(lea: Desk, sign_in: SignIn, yaml_file: Path) -> None:
    lea.begin()
    added = lea.submit("", "/criteria", name="Next step: named")
    assert added.headers["location"] == f"{lea.here}/criteria/next_step_named"
    assert lea.data()["blocked"] > 0
    assert "First mend" in lea.browser.get(lea.here).text
    typed = {"asks": "Did the agent name the next step?", "weight": "3", "when": "something is left to be done", "condition": "ownership"}
    typed |= {f"level.{level}": f"{level} is what can be seen here in words" for level in ("below", "clears", "vaults")}
    typed["level.below"], typed["level.vaults"] = "No next step is named.", "Step, person and day are named unasked."
    more = {"example.0.level": "below", "example.0.passage": "Agent: Bye.", "example.0.why": "Nothing is named."}
    lea.edit("next_step_named", **typed, **more, condition_levels=["clears", "vaults"])
    lea.submit("/criteria/closing", "/criteria/closing/remove")
    assert lea.propose().status_code == 303, words(lea.browser.get(lea.here).text)
    lea.of(sign_in("ada")).approve()
    now = load_rubric(yaml_file)
    made = now.criteria[-1]
    assert (made.id, made.name, made.asks) == ("next_step_named", "Next step: named", "Did the agent name the next step?")
    assert made.applies.condition is not None
    assert made.applies.condition.levels == ("clears", "vaults")
    assert made.examples[0].passage == "Agent: Bye."
    assert "closing" not in {item.id for item in now.criteria}


def test_whatever_was_typed_stands_again_beside_what_is_wrong_with_it(lea: Desk) -> None:
    lea.begin()
    typed = {"weight": "heavy <b>", "asks": "Was the agent polite and did they solve it?", "min_agent_turns": "0"}
    assert lea.edit("courtesy", **typed).status_code == 303
    page = lea.browser.get(f"{lea.here}/criteria/courtesy").text
    assert 'value="heavy &lt;b&gt;"' in page
    assert "should be a valid number" in page
    assert "polite and did they solve it" in page
    assert 'aria-invalid="true"' in page
    lea.edit("courtesy", weight="9", min_agent_turns="")
    assert "asks two things at once" in lea.browser.get(f"{lea.here}/criteria/courtesy").text
    assert lea.browser.post(f"{lea.here}/propose", why="x", effective=str(TODAY), version_seen="3").status_code == 422
    lea.whole(min_weight_graded="nan")
    assert lea.data()["usable"] is False
    assert lea.browser.get(f"{lea.here}/preview").status_code == 409


@pytest.mark.parametrize(("field", "typed"), [("asks", "x" * 4001), ("level.below", "y" * 5000)])
def test_a_field_that_is_too_long_is_told_and_nothing_is_saved(lea: Desk, field: str, typed: str) -> None:
    lea.begin()
    answer = lea.edit("courtesy", **{field: typed})
    assert answer.status_code == 422
    assert "go back and shorten it" in answer.text
    assert lea.data()["edits"] == []


def test_two_windows_do_not_lay_one_over_the_other_and_what_was_typed_stands(lea: Desk) -> None:
    lea.begin()
    stale = lea.fields("/criteria/courtesy", "/criteria/courtesy")
    lea.edit("courtesy", name="Kindness")
    answer = lea.browser.client.post(f"{lea.here}/criteria/courtesy", data={**stale, "asks": "Was the agent kind to the customer?"})
    assert answer.status_code == 409
    assert "saved in another window" in answer.text
    assert "Was the agent kind to the customer?" in answer.text
    assert [edit["place"] for edit in lea.data()["edits"]] == ["criteria.courtesy.name"]


def test_only_its_author_writes_a_draft_and_others_read_it(lea: Desk, sign_in: SignIn) -> None:
    lea.begin()
    leo = lea.of(sign_in("leo"))
    assert "the draft of lea" in leo.browser.get(f"{lea.here}/criteria/courtesy").text
    for action in ("/criteria/courtesy", "/whole", "/criteria/courtesy/remove", "/criteria", "/propose", "/drop", "/carry"):
        answer = leo.browser.post(f"{lea.here}{action}", version_seen="1", name="x", why="x", effective=str(TODAY))
        assert answer.status_code == 409, action
    assert lea.data()["edits"] == []
    assert lea.of(sign_in("ada")).submit("", "/drop").status_code == 303
    assert lea.data()["change"]["state"] == "dropped"


def test_a_later_day_is_waited_for_and_any_audit_puts_it_in_force(
    lea: Desk, sign_in: SignIn, own: Project, store: Store, yaml_file: Path
) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose(effective=TOMORROW)
    lea.of(sign_in("leo")).approve()
    assert lea.data()["change"]["state"] == "approved"
    assert put_in_force(own, store, now=datetime.now(UTC)) == []
    assert load_rubric(yaml_file).version == "1.0"
    (due,) = put_in_force(own, store, now=LATER)
    assert due.done
    assert load_rubric(yaml_file).version == "1.1"
    assert put_in_force(own, store, now=LATER) == []
    assert lea.data()["change"]["state"] == "in_force"
    assert [entry.why for entry in store.journal(action="rubric")][-1] == f"change {lea.number} of service_bar is in force"


def test_a_process_that_died_after_writing_the_file_is_finished_by_the_next(
    lea: Desk, sign_in: SignIn, own: Project, store: Store, yaml_file: Path
) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose(effective=TOMORROW)
    lea.of(sign_in("leo")).approve()
    (change,) = store.changes()
    yaml_file.write_text(change.text)  # as it is after the file was replaced and before the store knew
    (due,) = put_in_force(own, store, now=LATER)
    assert due.done
    assert store.changes()[0].state is ChangeState.IN_FORCE


def test_a_file_that_was_changed_by_hand_is_never_overwritten(
    lea: Desk, sign_in: SignIn, own: Project, store: Store, yaml_file: Path
) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose(effective=TOMORROW)
    lea.of(sign_in("leo")).approve()
    by_hand = yaml_file.read_text().replace("title: The service bar", "title: The bar")
    yaml_file.write_text(by_hand)
    (due,) = put_in_force(own, store, now=LATER)
    assert not due.done
    assert yaml_file.read_text() == by_hand
    page = lea.browser.get(lea.here).text
    assert "another one than when this draft was begun" in page
    assert "is a draft again" in words(lea.browser.get("/notices").text)


def test_edits_are_carried_over_to_a_file_that_changed_meanwhile(lea: Desk, sign_in: SignIn, yaml_file: Path) -> None:
    lea.begin().edit("courtesy", weight="12", name="Kindness")
    text = yaml_file.read_text()
    yaml_file.write_text(text.replace("title: The service bar", "title: The bar").replace("name: Courtesy", "name: Politeness"))
    refused = lea.browser.post(f"{lea.here}/propose", why="x", effective=str(TODAY), version_seen="2")
    assert refused.status_code == 409
    assert "The draft is kept as it is" in refused.text
    carried = lea.submit("", "/carry")
    assert "Kindness: name" in words(carried.text)  # both had changed it
    places = {edit["place"]: (edit["old"], edit["new"]) for edit in lea.data()["edits"]}
    assert places == {"criteria.courtesy.weight": ("10", "12"), "criteria.courtesy.name": ("Politeness", "Kindness")}
    lea.propose()
    lea.of(sign_in("leo")).approve()
    now = load_rubric(yaml_file)
    assert (now.title, now.criterion("courtesy").name, now.criterion("courtesy").weight) == ("The bar", "Kindness", 12)


def test_a_draft_that_comes_back_counts_its_version_up_from_the_file_as_it_is_then(lea: Desk, sign_in: SignIn, yaml_file: Path) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose()
    lea.submit("", "/return")
    yaml_file.write_text(yaml_file.read_text().replace('version: "1.0"', 'version: "1.4"'))
    assert "ersion" not in words(lea.submit("", "/carry").text)  # nobody had typed one
    lea.propose()
    lea.of(sign_in("leo")).approve()
    assert load_rubric(yaml_file).version == "1.5"


def test_an_approval_holds_for_what_was_read_and_nothing_else(lea: Desk, sign_in: SignIn, yaml_file: Path) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose()
    leo = lea.of(sign_in("leo"))
    read = leo.fields("", "/approve")
    lea.submit("", "/return")
    lea.edit("courtesy", weight="99")
    lea.propose()
    assert leo.browser.client.post(f"{lea.here}/approve", data=read).status_code == 409
    assert load_rubric(yaml_file).version == "1.0"


def test_a_change_is_returned_with_a_word_and_can_be_stopped_before_its_day(lea: Desk, sign_in: SignIn, yaml_file: Path) -> None:
    lea.begin().edit("courtesy", weight="12")
    lea.propose(effective=TOMORROW)
    leo = lea.of(sign_in("leo"))
    assert leo.browser.post(f"{lea.here}/return", version_seen="3", answer="").status_code == 422
    leo.browser.post(f"{lea.here}/return", version_seen="3", answer="12 is too much")
    assert "12 is too much" in lea.browser.get(lea.here).text
    lea.edit("courtesy", weight="11")
    lea.propose(effective=TOMORROW)
    leo.approve()
    assert leo.submit("", "/return", answer="Not this month").status_code == 303
    assert lea.data()["change"]["state"] == "draft"
    assert load_rubric(yaml_file).version == "1.0"


def test_a_project_that_cannot_be_written_says_so(lea: Desk, sign_in: SignIn, own: Project, store: Store, settings: Settings) -> None:
    builtin = Project(own.root, builtin=True)
    builtin.use_state(own.state)
    reader = SignIn(create_app(builtin, settings, store, hasher=QUICK), [])("lea")
    page = reader.get("/rubric").text
    assert "belong to the installed package" in page
    assert "Begin a draft" not in page
    refused = reader.post("/rubric/changes", name="service_bar")
    assert refused.status_code == 422
    assert "clearbar init" in refused.text
    lea.begin().edit("courtesy", weight="12")
    lea.propose(effective=TOMORROW)
    lea.of(sign_in("leo")).approve()
    (due,) = put_in_force(builtin, store, now=LATER)
    assert not due.done
    assert store.changes()[0].state is ChangeState.APPROVED
    assert open_rubric("service_bar", own).version == "1.0"


def test_a_new_weight_is_previewed_exactly_and_for_nothing(lea: Desk, rubric: Rubric, store: Store) -> None:
    recent = [talk(number).model_copy(update={"started_at": datetime.now(UTC) - timedelta(days=3)}) for number in range(6)]
    fill(store, rubric, [(one, ("empathy",)) for one in recent], sample=False)
    lea.begin().edit("empathy", weight="40")
    page = words(lea.browser.get(f"{lea.here}/preview").text)
    assert "Only scores change" in page
    found = lea.data("/preview")
    assert (found["conversations"], found["cost"], found["diff"]["costs_grades"]) == (6, None, False)
    (team,) = found["diff"]["teams"]
    assert team["new_score"] < team["old_score"]
    assert {one["transcript"] for one in found["diff"]["moved"]} <= {one.id for one in recent}
    assert found["diff"]["moved"]


def test_of_a_long_month_some_are_drawn_and_the_cost_is_that_of_all(own: Project, settings: Settings, store: Store, rubric: Rubric) -> None:
    recent = [talk(number).model_copy(update={"started_at": datetime.now(UTC) - timedelta(days=3)}) for number in range(12)]
    fill(store, rubric, [(one, ("empathy",)) for one in recent], sample=False)
    paid = settings.model_copy(update={"llm": settings.llm.model_copy(update={"model": "gpt-5-mini", "api_key": SecretStr("key")})})
    after = rubric.model_copy(update={"instructions": (*rubric.instructions, "Be brief.")})

    def seen(most: int) -> Preview:
        since = datetime.now(UTC) - timedelta(days=31)
        return preview(own, paid, store, rubric, after, since=since, by_rules=False, keep=lambda _: True, show=lambda _: True, most=most)

    some, every = seen(4), seen(100)
    assert [(one.conversations, one.compared) for one in (some, every)] == [(12, 4), (12, 12)]
    assert some.cost is not None
    assert every.cost is not None
    assert some.cost.calls == pytest.approx(every.cost.calls, abs=1)  # one asks what the server can do
    assert some.cost.usd == pytest.approx(every.cost.usd, rel=0.05)
    assert some == seen(4)


def test_a_new_wording_says_what_it_costs_and_offers_what_the_rules_say(lea: Desk, rubric: Rubric, store: Store) -> None:
    recent = [talk(number).model_copy(update={"started_at": datetime.now(UTC) - timedelta(days=3)}) for number in range(6)]
    fill(store, rubric, [(one, ()) for one in recent], sample=False)
    lea.begin().edit("closing", **{"level.clears": "Ends the talk politely."})
    page = words(lea.browser.get(f"{lea.here}/preview").text)
    assert "No language model would be asked" in page
    by_rules = lea.browser.get(f"{lea.here}/preview.json?by=rules").json()
    assert by_rules["by_rules"] is True
    assert by_rules["compared"] == 6


def test_a_model_that_would_have_to_be_asked_again_is_priced(own: Project, settings: Settings, store: Store, rubric: Rubric) -> None:
    recent = [talk(number).model_copy(update={"started_at": datetime.now(UTC) - timedelta(days=3)}) for number in range(6)]
    fill(store, rubric, [(one, ()) for one in recent], sample=False)
    paid = settings.model_copy(update={"llm": settings.llm.model_copy(update={"model": "gpt-5-mini", "api_key": SecretStr("key")})})
    lea = Desk(SignIn(create_app(own, paid, store, hasher=QUICK), [])("lea")).begin()
    lea.edit("closing", **{"level.clears": "Ends the talk politely."})
    found = lea.data("/preview")
    assert found["cost"]["calls"] >= 6
    assert found["asks_model"] is True
    assert f"{found['cost']['calls']} calls" in words(lea.browser.get(f"{lea.here}/preview").text)


def test_a_preview_shows_neither_small_groups_nor_conversations_that_are_reviewed_blind(lea: Desk, rubric: Rubric, store: Store) -> None:
    recent = [talk(number).model_copy(update={"started_at": datetime.now(UTC) - timedelta(days=3)}) for number in range(6)]
    lonely = talk(9, team="tiny").model_copy(update={"started_at": datetime.now(UTC) - timedelta(days=3)})
    fill(store, rubric, [(one, ("courtesy",)) for one in (*recent, lonely)])
    lea.begin().edit("courtesy", weight="30")
    found = lea.data("/preview")
    assert [one["team"] for one in found["diff"]["teams"]] == ["parcels"]
    assert found["diff"]["moved"] == []
    for item in found["diff"]["criteria"]:
        assert item["examples"] == []


def test_a_review_that_is_under_way_keeps_the_rubric_that_it_began_with(
    lea: Desk, rubric: Rubric, store: Store, sign_in: SignIn, yaml_file: Path
) -> None:
    fill(store, rubric, [(talk(1), ())])
    rex = sign_in("rex")
    number = rex.take()
    lea.begin().submit("/criteria/closing", "/criteria/closing/remove")
    lea.propose()
    lea.of(sign_in("leo")).approve()
    assert "closing" not in {item.id for item in load_rubric(yaml_file).criteria}
    assert rex.commit(number, rubric).status_code == 303
    assert "closing" in store.labels()[-1].levels


def test_another_rubric_of_the_project_is_edited_as_well(lea: Desk, sign_in: SignIn, own: Project) -> None:
    lea.begin("contact_centre").edit("safety_first", gate="")
    lea.propose()
    lea.of(sign_in("leo")).approve()
    assert open_rubric("contact_centre", own).criterion("safety_first").gate is None
    assert open_rubric("service_bar", own).criterion("courtesy").gate is Gate.CONVERSATION
    assert lea.browser.get("/rubric?name=../secret").status_code == 404
    assert lea.browser.post("/rubric/changes", name="nothing").status_code == 404


def test_what_was_typed_survives_a_session_that_is_over(lea: Desk, sign_in: SignIn) -> None:
    lea.begin()
    page = f"{lea.here}/criteria/courtesy"
    typed = {**lea.fields("/criteria/courtesy", "/criteria/courtesy"), "asks": "Was the agent <kind>?\nAlways?"}
    lea.browser.client.cookies.clear()
    over = lea.browser.client.post(page, data=typed)
    assert over.status_code == 401
    assert "Your session is over" in over.text
    again = lea.of(sign_in("lea"))
    first = again.browser.client.post(page, data=Fields(over.text, page).values)
    assert first.status_code == 403
    assert "nothing is lost" in first.text
    assert again.browser.client.post(page, data=Fields(first.text, page).values).status_code == 303
    assert [edit["new"] for edit in again.data()["edits"]] == ["Was the agent <kind>? Always?"]


def test_a_password_is_never_put_into_a_page(sign_in: SignIn) -> None:
    answer = sign_in("ada").client.post("/people", data={"csrf": "old", "name": "new", "password": "a very secret one"})
    assert answer.status_code == 403
    assert "secret one" not in answer.text
