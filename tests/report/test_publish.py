"""Publishing: what goes out, who is told, and that a failure loses nothing."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import fsspec
import pytest
from pydantic import SecretStr

from clearbar.publish import publish, withdraw
from clearbar.report import ReportItem, TeamReport, shareable
from clearbar.settings import PublishSettings
from clearbar.verdict import GradedBy

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


@pytest.fixture
def report(item: Item, build: Build) -> TeamReport:
    items = [item(number, {"help": "below"}, by=GradedBy.LLM, rationale="A telling remark.") for number in range(1, 9)]
    return build(items, settings={"agents": "name"}, agent_names={"agent-a": "Ann Other"})


def _everything(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8-sig") for path in folder.rglob("*") if path.is_file())


def test_the_shared_copy_holds_neither_words_nor_names(report: TeamReport, tmp_path: Path) -> None:
    done = publish([report], PublishSettings(folder=str(tmp_path)))
    assert (len(done.places), done.faults) == (6, ())
    text = _everything(tmp_path)
    for secret in ("not my problem", "telling remark", "Ann Other"):
        assert secret not in text
    assert "agent-a" in text


def test_words_and_names_go_out_where_the_settings_say_so(report: TeamReport, tmp_path: Path) -> None:
    publish([report], PublishSettings(folder=str(tmp_path), quotes=True, names=True))
    text = _everything(tmp_path)
    assert "not my problem" in text
    assert "Ann Other" in text


def test_sharing_never_shows_more_than_the_report_did(item: Item, build: Build) -> None:
    hidden = build([item(number, {"help": "below"}) for number in range(1, 9)], settings={"agents": "hidden", "quotes": False})
    shared = shareable(hidden, quotes=True, names=True)
    assert "not my problem" not in shared.model_dump_json()
    assert shareable(hidden).agents_shown == "hidden"


def test_an_object_store_gets_every_file(report: TeamReport) -> None:
    done = publish([report], PublishSettings(folder="memory://bucket/reports"))
    store = fsspec.filesystem("memory")
    found = store.find("/bucket/reports")
    assert len(done.places) == len(found) == 6
    assert store.cat_file("/bucket/reports/index.html").startswith(b"<!doctype html>")


@pytest.mark.parametrize("folder", ["memory://gone", "local"])
def test_published_files_can_be_withdrawn(report: TeamReport, tmp_path: Path, folder: str) -> None:
    done = publish([report], PublishSettings(folder=str(tmp_path / "out") if folder == "local" else folder))
    assert all(withdraw(place) for place in done.places)
    assert all(withdraw(place) for place in done.places)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not fsspec.filesystem("memory").find("/gone")


def test_what_is_out_of_reach_is_not_called_withdrawn() -> None:
    assert not withdraw("nostore://bucket/index.html")
    assert not withdraw("/dev/null/index.html")


@pytest.mark.parametrize("folder", ["nostore://user:hunter2@bucket/x", "s3://user:hunter2@bucket/x", "/dev/null/x"])
def test_a_folder_out_of_reach_is_told_without_its_address(report: TeamReport, folder: str) -> None:
    done = publish([report], PublishSettings(folder=folder))
    (fault,) = done.faults
    assert done.places == ()
    assert "they are in the project's own folder" in fault
    assert "hunter2" not in fault


def test_those_who_asked_are_told_where_to_read_and_no_figure(report: TeamReport) -> None:
    sent: list[tuple[str, str, str]] = []

    def send(address: str, title: str, text: str) -> bool:
        sent.append((address, title, text))
        return True

    settings = PublishSettings(notify=(SecretStr("json://a"), SecretStr("json://b")), link="https://reports.example")
    assert publish([report], settings, send=send).told == 2
    assert sent[0] == ("json://a", "Service audit", "Reports for 1 team are out (all dates).\nhttps://reports.example")


def test_an_address_that_fails_does_not_keep_others_from_being_told(report: TeamReport) -> None:
    def send(address: str, title: str, text: str) -> bool:
        del title, text
        if address == "mailto://user:hunter2@host":
            raise OSError(111, f"refused by {address}")
        return address == "json://good"

    settings = PublishSettings(notify=tuple(map(SecretStr, ("mailto://user:hunter2@host", "json://bad", "json://good"))))
    done = publish([report], settings, send=send)
    assert done.told == 1
    assert [fault.split(" (")[0] for fault in done.faults] == [
        "publish.notify: address 1 of 3 was not told",
        "publish.notify: address 2 of 3 was not told",
    ]
    assert done.faults[1].endswith("(it did not arrive)")


class _Desk(BaseHTTPRequestHandler):
    """Takes what Apprise posts."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(body.decode())  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def desk() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Desk)
    server.posts = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by Apprise
def test_apprise_delivers_and_logs_no_address(report: TeamReport, desk: HTTPServer, capfd: pytest.CaptureFixture[str]) -> None:
    port = desk.server_address[1]
    settings = PublishSettings(notify=(SecretStr(f"json://user:hunter2@127.0.0.1:{port}/"), SecretStr("nothing://user:hunter2@x")))
    done = publish([report], settings)
    assert done.told == 1
    assert "Reports for 1 team are out" in desk.posts[0]  # type: ignore[attr-defined]
    (fault,) = done.faults
    assert "address 2 of 2" in fault
    out, err = capfd.readouterr()
    assert "hunter2" not in fault + out + err
