"""What no page of ours sends is answered clearly, on either database."""

from collections.abc import Iterator

import pytest
from tests.review.conftest import QUICK, SignIn, add_people, fill, talk

from clearbar.project import Project
from clearbar.review import create_app
from clearbar.rubric import Rubric
from clearbar.settings import NamedSource, ReviewSettings, Settings
from clearbar.store import Store


@pytest.fixture
def sign_in_on(url: str, project: Project, rubric: Rubric) -> Iterator[SignIn]:
    with Store.open(url) as store:
        add_people(store)
        fill(store, rubric, [(talk(1), ("courtesy",))])
        named = {"desk": NamedSource(uri="postgresql://reader:hunter2@host/desk")}
        yield SignIn(create_app(project, Settings(sources=named, review=ReviewSettings()), store, hasher=QUICK), [])


def test_odd_numbers_and_characters_are_no_fault_of_the_server(sign_in_on: SignIn) -> None:
    lea, rex, ann = sign_in_on("lea"), sign_in_on("rex"), sign_in_on("ann")
    number = rex.take()
    for address in ("/reviews/99999999999999999999999", "/reviews/-1", "/reviews/x", "/disputes/0", "/calibrations/9007199254740993"):
        assert lea.get(address).status_code == 404
    for address in ("/conversation?source=desk&id=%00", "/conversation?source=a", "/conversations?page=x", "/%00"):
        assert lea.get(address).status_code == 404
    assert lea.get("/conversations?page=-7").status_code == 200
    assert lea.get("/conversations?page=99999999999999999999").status_code == 200
    saved = rex.put(f"/reviews/{number}/drafts/courtesy", {"level": "below", "note": "nul \0 here", "version": 0})
    assert saved.status_code == 200
    assert rex.put(f"/reviews/{number}/drafts/empathy", {"level": "below", "version": -3}).status_code == 409
    asked = {"source": "desk", "id": "c1", "criterion": "courtesy", "proposed": "clears", "reason": "a\0b 😀"}
    assert ann.post("/disputes", **asked).status_code == 303
    assert "a\N{REPLACEMENT CHARACTER}b 😀" in ann.get("/disputes/1").text


def test_an_auditor_reads_the_settings_without_secrets_and_no_content(sign_in_on: SignIn) -> None:
    sign_in_on("rex").take()
    page = sign_in_on("otto").get("/trail").text
    assert "sources.desk.uri" in page
    assert "hunter2" not in page
    assert "at a loss" not in page
    assert "assign" in page
