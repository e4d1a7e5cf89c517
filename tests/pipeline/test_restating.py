"""Reports follow what people correct; those of a closed period keep their numbers and say what came after."""

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.pipeline.graded import START, contest, decide, fill, reviewed, talk

from clearbar.pipeline.reporting import ReportRequest, make_reports
from clearbar.pipeline.restating import Restater, anything_to_restate, restate
from clearbar.pipeline.selection import graded_items
from clearbar.project import Project
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import PublishSettings, Settings, load_settings
from clearbar.store import DisputeState, Store

TALKS = [talk(number) for number in range(8)]


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return open_rubric("service_bar", project)


@pytest.fixture
def settings(project: Project) -> Settings:
    return load_settings(project)


@pytest.fixture
def store(tmp_path: Path, rubric: Rubric) -> Iterator[Store]:
    """Eight conversations of a team, of which the first two fail courtesy, and six of another one."""
    with Store.open(tmp_path / "clearbar.db") as opened:
        own = [(one, ("courtesy",) if place < 2 else ()) for place, one in enumerate(TALKS)]
        others = [(talk(number, team="travel"), ()) for number in range(20, 26)]
        fill(opened, rubric, [*own, *others])
        yield opened


class Folder:
    """Reports that were made, and what they say."""

    def __init__(self, project: Project, settings: Settings, store: Store, rubric: Rubric, **request: Any) -> None:
        self.asked = ReportRequest(out=project.state / "out", **request)
        self._parts = project, settings, store, rubric
        self.path = project.state / "out"
        self.make()

    def make(self) -> None:
        project, settings, store, rubric = self._parts
        make_reports(project, settings, store, rubric, self.asked, items=graded_items(store, rubric, self.asked))

    def restate(self) -> list[str]:
        project, settings, store, _ = self._parts
        return [one.line() for one in restate(project, settings, store)]

    def twin(self, team: str = "parcels") -> Any:
        return json.loads((self.path / team / "report.json").read_bytes())

    def page(self, team: str = "parcels") -> str:
        return (self.path / team / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def folder(project: Project, settings: Settings, store: Store, rubric: Rubric) -> Folder:
    return Folder(project, settings, store, rubric)


def test_an_accepted_dispute_restates_the_report_and_says_why(folder: Folder, store: Store, rubric: Rubric) -> None:
    before, page, other = folder.twin(), folder.page(), folder.page("travel")
    number = contest(store, TALKS[0], rubric)
    assert folder.restate() == []
    decide(store, number, DisputeState.ACCEPTED)
    (line,) = folder.restate()
    assert "dispute 1 changed a verdict in it" in line
    after = folder.twin()
    assert after["score"]["value"] > before["score"]["value"]
    assert (before["auto_failed"], after["auto_failed"]) == (2, 1)
    assert after["auto_fails"][0]["overturned"] == 1
    (revision,) = after["revisions"]
    replaced = hashlib.sha256(page.encode()).hexdigest()
    assert (revision["number"], revision["because"], revision["replaced"]) == (2, "dispute 1 changed a verdict in it", replaced)
    assert f"Restated on {datetime.now(UTC):%Y-%m-%d} because dispute 1 changed a verdict in it." in folder.page()
    assert replaced in folder.page()
    assert folder.page("travel") == other
    assert [entry.action for entry in store.journal(action="restate")] == ["restate"]
    assert folder.restate() == []


def test_several_disputes_are_told_in_one_go(folder: Folder, store: Store, rubric: Rubric) -> None:
    for one in TALKS[:2]:
        decide(store, contest(store, one, rubric), DisputeState.ACCEPTED)
    folder.restate()
    assert [one["because"] for one in folder.twin()["revisions"]] == ["disputes 1 and 2 changed verdicts in it"]


def test_a_rejected_dispute_changes_no_number_and_restates_nothing(folder: Folder, store: Store, rubric: Rubric) -> None:
    page = folder.page()
    decide(store, contest(store, TALKS[0], rubric), DisputeState.REJECTED, "below")
    assert folder.restate() == []
    assert folder.page() == page


def test_the_page_over_all_teams_names_the_revision(folder: Folder, store: Store, rubric: Rubric) -> None:
    for one in TALKS[:2]:
        decide(store, contest(store, one, rubric), DisputeState.ACCEPTED)
        folder.restate()
    assert "revision 3" in (folder.path / "index.html").read_text(encoding="utf-8")
    assert [one["number"] for one in folder.twin()["revisions"]] == [3, 2]


def test_making_the_same_report_again_keeps_its_history_and_a_report_on_other_conversations_has_none(
    folder: Folder, store: Store, rubric: Rubric
) -> None:
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    folder.make()
    assert len(folder.twin()["revisions"]) == 1
    pages = folder.page()
    folder.make()
    assert folder.page() == pages
    fill(store, rubric, [(talk(9), ())])
    folder.make()
    assert folder.twin()["revisions"] == []


def test_restating_takes_no_conversation_in_that_came_later(folder: Folder, store: Store, rubric: Rubric) -> None:
    fill(store, rubric, [(talk(9), ("courtesy",))])
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    folder.restate()
    assert folder.twin()["conversations"] == len(TALKS)


def test_what_a_killed_restatement_left_is_made_good_with_the_same_number(folder: Folder, store: Store, rubric: Rubric) -> None:
    page = folder.page()
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    (folder.path / "parcels" / ".report.json.part").mkdir()  # where the part of a file should go, so that writing fails
    (line,) = folder.restate()
    assert line.startswith("not restated")
    assert folder.page() == page
    (folder.path / "parcels" / ".report.json.part").rmdir()
    folder.restate()
    assert [one["number"] for one in folder.twin()["revisions"]] == [2]
    assert folder.restate() == []


def test_a_correction_that_comes_while_reports_are_made_is_not_lost(folder: Folder, store: Store, rubric: Rubric) -> None:
    first, second = (contest(store, one, rubric) for one in TALKS[:2])
    decide(store, first, DisputeState.ACCEPTED)
    seen = store.marks()
    decide(store, second, DisputeState.ACCEPTED)
    place = str(folder.path / "parcels" / "index.html")
    page = next(one for one in store.reports() if one.path == place)
    store.add_report(page.model_copy(update={"stale": "", "marks": seen[place]}), [("desk", "c0"), ("desk", "c1")])
    assert "dispute 2" in next(one for one in store.reports(stale=True) if one.path == place).stale


def test_reports_that_are_gone_are_told_and_left(folder: Folder, store: Store, rubric: Rubric) -> None:
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    (folder.path / "index.html").unlink()
    assert not anything_to_restate(store)
    (line,) = folder.restate()
    assert "not on this machine" in line


def test_what_a_later_report_left_behind_in_its_folder_is_not_restated_over_and_over(
    project: Project, settings: Settings, store: Store, rubric: Rubric, tmp_path: Path
) -> None:
    shared = settings.model_copy(update={"publish": PublishSettings(folder=str(tmp_path / "shared"))})
    folder = Folder(project, shared, store, rubric, publish=True)
    before = folder.page()
    folder.asked = folder.asked.model_copy(update={"team": "travel", "publish": False})
    folder.make()
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    assert not anything_to_restate(store)
    assert (folder.restate(), folder.page()) == ([], before)
    folder.asked = folder.asked.model_copy(update={"team": None})
    folder.make()
    assert folder.twin()["auto_failed"] == 1
    decide(store, contest(store, TALKS[1], rubric), DisputeState.ACCEPTED)
    assert anything_to_restate(store)
    assert "restated" in folder.restate()[0]
    assert not anything_to_restate(store)


def test_a_closed_period_keeps_its_numbers_and_says_what_came_after(
    project: Project, settings: Settings, store: Store, rubric: Rubric
) -> None:
    end = START + timedelta(days=15)
    folder = Folder(project, settings, store, rubric, until=end)
    before = folder.twin()
    store.close_period(end, by="lea")
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    folder.restate()
    after = folder.twin()
    same = ("score", "clears", "criteria", "bands", "auto_failed", "conversations")
    assert [after[name] for name in same] == [before[name] for name in same]
    held = after["held_back"]
    assert (held["conversations"], held["verdicts"], held["auto_fails"]) == (1, 1, -1)
    assert held["score"] > after["score"]["value"]
    assert held["clears"] > after["clears"]["value"]
    assert "1 verdict in 1 conversation" in folder.page()
    assert "after its period was closed" in folder.page()
    (entry,) = store.journal(action="close period")
    assert "disputes so far: none" in entry.why


def test_what_was_said_before_the_closing_counts_in_it(project: Project, settings: Settings, store: Store, rubric: Rubric) -> None:
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    store.close_period(START + timedelta(days=15), by="lea")
    twin = Folder(project, settings, store, rubric).twin()
    assert (twin["auto_failed"], twin["held_back"]) == (1, None)


def test_disputes_are_counted_by_what_came_of_them(project: Project, settings: Settings, store: Store, rubric: Rubric) -> None:
    for one, state in zip(TALKS, [DisputeState.ACCEPTED, DisputeState.PARTLY, DisputeState.REJECTED], strict=False):
        decide(store, contest(store, one, rubric), state)
    contest(store, TALKS[3], rubric)
    contest(store, TALKS[4], rubric, days=-1)
    folder = Folder(project, settings, store, rubric)
    assert folder.twin()["disputes"] == {"opened": 5, "accepted": 1, "partly": 1, "rejected": 1, "open": 2, "overdue": 1}
    assert folder.twin("travel")["disputes"]["opened"] == 0
    rows = (folder.path / "parcels" / "parcels.csv").read_text(encoding="utf-8-sig").splitlines()
    names = rows[0].split(",")
    (row,) = (line.split(",") for line in rows[1:] if line.split(",")[1] == "c0" and ",courtesy," in line)
    assert (row[names.index("level")], row[names.index("as_graded")], row[names.index("dispute")]) == ("clears", "below", "accepted")


def test_two_restatements_at_once_make_one_revision(folder: Folder, store: Store, rubric: Rubric) -> None:
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    threads = [threading.Thread(target=folder.restate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["number"] for one in folder.twin()["revisions"]] == [2]
    assert store.reports(stale=True) == []


def test_a_restatement_never_takes_the_place_of_a_report_that_was_made_meanwhile(
    project: Project, settings: Settings, store: Store, rubric: Rubric
) -> None:
    folder = Folder(project, settings, store, rubric)
    seen, asked = store.edition(str(folder.path)), folder.asked
    later = talk(40, team="travel")
    fill(store, rubric, [(later, ())])
    folder.make()
    items = graded_items(store, rubric, asked, only=store.shown(str(folder.path)) - {(later.source, later.id)})
    assert make_reports(project, settings, store, rubric, asked, items=items, anew=seen).teams == ()
    assert folder.twin("travel")["conversations"] == 7
    now = store.edition(str(folder.path))
    assert make_reports(project, settings, store, rubric, asked, items=items, anew=now).teams != ()


def test_corrected_figures_rest_on_what_graders_said_and_people_found(
    project: Project, settings: Settings, store: Store, rubric: Rubric
) -> None:
    """Twelve of forty conversations are reviewed at random; the grader passed what people fail in half of them."""
    talks = [talk(number, team="calls") for number in range(100, 140)]
    fill(store, rubric, [(one, ()) for one in talks])
    for place, one in enumerate(talks[:12]):
        reviewed(store, rubric, one, *(("listening",) if place % 2 else ()), probability=12 / 40)
    twin = Folder(project, settings, store, rubric).twin("calls")
    (listening,) = (item for item in twin["criteria"] if item["id"] == "listening")
    assert next(level["count"] for level in listening["levels"] if level["id"] == "below") == 6
    assert listening["fails"]["corrected"]
    assert listening["fails"]["raw"] == 0
    assert 0.3 < listening["fails"]["value"] < 0.7  # not 6 in 40, as if the 28 that nobody read were known to be fine


def test_reviews_of_one_team_that_move_corrected_figures_of_others_revise_their_reports_and_say_so(
    project: Project, settings: Settings, store: Store, rubric: Rubric
) -> None:
    """Eight reviewed teams share what is known of the grader's errors with all others on a criterion that always applies."""
    rubric = rubric.model_copy(update={"criteria": tuple(one for one in rubric.criteria if one.id == "listening")})
    talks = {place: [talk(1000 * place + number, team=f"team{place}") for number in range(60)] for place in range(1, 9)}
    for own in talks.values():
        fill(store, rubric, [(one, ("listening",) if number % 4 == 0 else ()) for number, one in enumerate(own)])
        for number, one in enumerate(own[:30]):
            reviewed(store, rubric, one, *(("listening",) if number % 4 == 0 else ()))
    folder = Folder(project, settings, store, rubric)
    first = (folder.path / "team2" / "index.html").read_bytes()
    for one in talks[1][30:38]:
        reviewed(store, rubric, one, "listening")
    decide(store, contest(store, talks[1][50], rubric, "listening"), DisputeState.ACCEPTED)
    assert len(folder.restate()) == 1
    (own,), (other,) = folder.twin("team1")["revisions"], folder.twin("team2")["revisions"]
    assert own["because"].startswith("labels were added to conversations in it; dispute 1")
    assert other["because"].startswith("people reviewed conversations of other teams")
    assert other["replaced"] == hashlib.sha256(first).hexdigest()
    assert folder.restate() == []
    folder.make()
    assert len(folder.twin("team2")["revisions"]) == 1


def test_further_formats_are_written_where_the_settings_ask(project: Project, settings: Settings, store: Store, rubric: Rubric) -> None:
    chosen = settings.model_copy(update={"report": settings.report.model_copy(update={"parquet": True})})
    assert (Folder(project, chosen, store, rubric).path / "parcels" / "parcels.parquet").is_file()


def test_the_shared_copy_follows_and_nobody_is_told_again(
    project: Project, settings: Settings, store: Store, rubric: Rubric, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    publish = PublishSettings(folder=str(shared), notify=(SecretStr("nothing://nobody"),))
    folder = Folder(project, settings.model_copy(update={"publish": publish}), store, rubric, publish=True)
    before = (shared / "parcels" / "report.json").read_bytes()
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    assert "restated" in folder.restate()[0]
    assert json.loads(before)["revisions"] == []
    assert len(json.loads((shared / "parcels" / "report.json").read_bytes())["revisions"]) == 1
    assert store.reports(stale=True) == []


def test_a_shared_folder_that_is_away_for_a_while_is_told_and_its_copy_follows_later(
    project: Project, settings: Settings, store: Store, rubric: Rubric, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    chosen = settings.model_copy(update={"publish": PublishSettings(folder=str(shared))})
    folder = Folder(project, chosen, store, rubric, publish=True)
    decide(store, contest(store, TALKS[0], rubric), DisputeState.ACCEPTED)
    away = shared.rename(tmp_path / "away")
    shared.write_text("no folder")
    assert "not copied to the shared folder" in folder.restate()[0]
    assert len(folder.twin()["revisions"]) == 1
    shared.unlink()
    away.rename(shared)
    assert "restated" in folder.restate()[0]
    assert len(json.loads((shared / "parcels" / "report.json").read_bytes())["revisions"]) == 1
    assert folder.restate() == []


def test_the_room_looks_and_has_outdated_reports_made_anew_until_it_ends() -> None:
    done = threading.Event()
    waiting = [True, True, True]

    def work() -> bool:
        waiting.pop()
        if not waiting:
            done.set()
        return True

    with Restater(lambda: bool(waiting), work, look=0.001):
        assert done.wait(60)
    assert waiting == []
