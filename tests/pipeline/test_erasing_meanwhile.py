"""A conversation that is erased while its report is being written is in no page, however far the writing had come."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.graded import fill, talk

from clearbar.pipeline.erasure import apply_retention, erase_from_everywhere
from clearbar.pipeline.reporting import ReportRequest, Reports, make_reports
from clearbar.pipeline.selection import graded_items
from clearbar.project import Project
from clearbar.publish import withdraw
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import PublishSettings, Settings, load_settings
from clearbar.store import Published, Store

ERASED = "planted-77"


class Disturbed(Store):
    """A store in which something happens once, right after one of its steps."""

    def after(self, step: str, happens: Any) -> None:
        """Let something happen after the next step of that name."""
        self._waiting = {step: happens}

    def _happen(self, step: str) -> None:
        happens = self.__dict__.setdefault("_waiting", {}).pop(step, None)
        if happens:
            happens()

    def read_audits(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Read."""
        yield from super().read_audits(*args, **options)
        self._happen("read")

    def announce_report(self, report: Published, conversations: Iterable[tuple[str, str]], *, seen: int) -> None:
        """Announce."""
        super().announce_report(report, conversations, seen=seen)
        if report.path.endswith("report.json"):
            self._happen("announce")

    def add_report(self, report: Published, conversations: Iterable[tuple[str, str]], *, seen: int | None = None) -> None:
        """Register; what happens then, happens before the last page of a folder is registered."""
        if report.path.endswith("report.json"):
            self._happen("move")
        super().add_report(report, conversations, seen=seen)


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return open_rubric("service_bar", project)


@pytest.fixture
def store(project: Project, rubric: Rubric) -> Iterator[Disturbed]:
    with Disturbed.open(project.state / "clearbar.db") as opened:
        fill(opened, rubric, [(talk(number, **({"id": ERASED} if number == 3 else {})), ("courtesy",)) for number in range(8)])
        yield opened


def report(project: Project, store: Store, rubric: Rubric, settings: Settings | None = None, **request: Any) -> Reports:
    asked = ReportRequest(out=project.state / "out", **request)
    return make_reports(project, settings or load_settings(project), store, rubric, asked, items=graded_items(store, rubric, asked))


def holding(*folders: Path) -> list[str]:
    return [path.name for folder in folders for path in folder.rglob("*") if path.is_file() and ERASED.encode() in path.read_bytes()]


@pytest.mark.parametrize("step", ["read", "announce", "move"])
def test_it_is_in_no_page_at_whatever_step_it_was_erased(project: Project, store: Disturbed, rubric: Rubric, step: str) -> None:
    report(project, store, rubric)
    assert holding(project.state / "out")
    store.after(step, lambda: store.erase([("desk", ERASED)], who="dpo"))
    made = report(project, store, rubric)
    assert made.conversations == 7
    assert holding(project.state) == []
    assert [page.path for page in store.reports(stale=True)] == []


@pytest.mark.parametrize("step", ["announce", "move"])
def test_the_shared_copy_is_withdrawn_and_put_again_without_it(project: Project, store: Disturbed, rubric: Rubric, step: str) -> None:
    place = "memory://meanwhile"
    shared = load_settings(project).model_copy(update={"publish": PublishSettings(folder=place, quotes=True)})
    store.after(step, lambda: store.after(step, lambda: store.erase([("desk", ERASED)], who="dpo")))  # the second is of the shared copy
    made = report(project, store, rubric, shared, publish=True)
    assert made.published is not None
    assert made.published.faults == ()
    import fsspec  # noqa: PLC0415 - only here

    memory = fsspec.filesystem("memory")
    assert [path for path in memory.find("/meanwhile") if ERASED.encode() in memory.cat(path)] == []
    assert all(withdraw(one) for one in made.published.places)
    assert holding(project.state) == []


def test_an_erasure_waits_for_the_report_and_leaves_what_was_written_without_it(project: Project, store: Disturbed, rubric: Rubric) -> None:
    report(project, store, rubric)
    asked: dict[str, Any] = {"conversations": (ERASED,), "customer": None, "who": "dpo", "why": "", "notice": print}
    done = []
    erasing = threading.Thread(target=lambda: done.append(erase_from_everywhere(project, load_settings(project), **asked)))

    def begin() -> None:
        erasing.start()
        while not store.erasures():
            threading.Event().wait(0.01)

    store.after("announce", begin)
    made = report(project, store, rubric)
    erasing.join()
    assert made.conversations == 7
    assert (done[0].conversations, done[0].pages, done[0].left) == (1, (), ())
    assert holding(project.state) == []
    assert (project.state / "out" / "parcels" / "index.html").is_file()


def test_what_a_killed_process_was_writing_is_removed_too(project: Project, store: Disturbed) -> None:
    part = project.state / "out" / "parcels" / ".index.html.part"
    part.parent.mkdir(parents=True)
    store.announce_report(Published(path=str(part.with_name("index.html")), made_at=talk(1).started_at), [("desk", ERASED)], seen=0)
    part.write_bytes(ERASED.encode())
    done = erase_from_everywhere(project, load_settings(project), conversations=(ERASED,), customer=None, who="dpo", why="", notice=print)
    assert done.complete
    assert holding(project.state) == []


def test_where_nothing_is_left_nothing_is_written(project: Project, rubric: Rubric) -> None:
    with Disturbed.open(project.state / "clearbar.db") as store:
        fill(store, rubric, [(talk(3, id=ERASED), ())])
        store.after("read", lambda: store.erase([("desk", ERASED)], who="dpo"))
        assert report(project, store, rubric).teams == ()
    assert not (project.state / "out" / "index.html").exists()


def test_what_could_not_be_reached_is_tried_again(project: Project, store: Disturbed, rubric: Rubric) -> None:
    report(project, store, rubric)
    page = project.state / "out" / "parcels" / "index.html"
    page.unlink()
    page.mkdir()  # what cannot be unlinked
    asked: dict[str, Any] = {"conversations": (ERASED,), "customer": None, "who": "dpo", "why": "", "notice": print}
    first = erase_from_everywhere(project, load_settings(project), **asked)
    assert first.left == (str(page),)
    page.rmdir()
    again = erase_from_everywhere(project, load_settings(project), **asked)
    assert (again.conversations, again.left) == (0, ())
    assert store.reports(stale=True) == []


class Remaking(Store):
    """A store whose pages are made anew as soon as the last of those that were to go is gone."""

    def forget_report(self, path: str) -> None:
        """Forget."""
        pages = self.reports(stale=True)
        super().forget_report(path)
        if [page.path for page in pages] == [path]:
            Path(path).write_text("anew", encoding="ascii")
            self.add_report(pages[0].model_copy(update={"stale": ""}), [])


def test_retention_leaves_what_was_made_anew_meanwhile(project: Project, store: Disturbed, rubric: Rubric) -> None:
    report(project, store, rubric)
    store.erase([("desk", ERASED)], who="dpo")
    with Remaking.open(project.state / "clearbar.db") as other:
        apply_retention(project, other, load_settings(project))
        pages = [Path(page.path) for page in other.reports()]
    assert [page.read_bytes() for page in pages].count(b"anew") == 1


def test_pages_and_checks_go_where_a_folder_cannot_be_held(project: Project, store: Disturbed, rubric: Rubric) -> None:
    report(project, store, rubric)
    for lock in (project.state / "locks").iterdir():
        lock.unlink()
        lock.mkdir()
    checks = project.state / "checks"
    (checks / "a").mkdir(parents=True)  # what cannot be unlinked
    (checks / "b.json").write_text(ERASED, encoding="ascii")
    done = erase_from_everywhere(project, load_settings(project), conversations=(ERASED,), customer=None, who="dpo", why="", notice=print)
    assert done.left == (str(checks / "a"),)
    assert holding(project.state) == []


def test_an_erasure_waits_for_the_first_report_of_a_folder_too(project: Project, store: Disturbed, rubric: Rubric) -> None:
    asked: dict[str, Any] = {"conversations": (ERASED,), "customer": None, "who": "dpo", "why": "", "notice": print}
    waits = []
    erasing = threading.Thread(target=lambda: erase_from_everywhere(project, load_settings(project), **asked))

    def begin() -> None:
        erasing.start()
        while not store.erasures():
            threading.Event().wait(0.01)
        erasing.join(0.5)
        waits.append(erasing.is_alive())

    store.after("announce", begin)
    made = report(project, store, rubric)
    erasing.join()
    assert waits == [True]
    assert made.conversations == 7
    assert holding(project.state) == []
    assert [page.path for page in store.reports() if not Path(page.path).is_file()] == []
