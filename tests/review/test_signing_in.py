"""Sessions, cookies, forged forms, guessed passwords."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.review.conftest import PASSWORD, QUICK, SignIn, add_people

from clearbar.errors import UsageError
from clearbar.project import Project
from clearbar.review import create_app
from clearbar.review.accounts import PER_NAME, Accounts
from clearbar.review.pages.sign_in import safe_address
from clearbar.settings import ReviewSettings, Settings
from clearbar.store import StaffRole, Store
from clearbar.store.review_tables import sign_ins


def attempt(client: TestClient, name: str, password: str) -> int:
    return client.post("/sign-in", data={"name": name, "password": password, "next": "/"}).status_code


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(app: FastAPI) -> None:
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        answer = client.post("/sign-in", data={"name": "rex", "password": PASSWORD.format("rex")})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # plain HTTP on this machine


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(project: Project, store: Store) -> None:
    add_people(store)
    app = create_app(project, Settings(review=ReviewSettings(https=True)), store, hasher=QUICK)
    with TestClient(app, base_url="https://room.example", follow_redirects=False) as client:
        answer = client.post("/sign-in", data={"name": "rex", "password": PASSWORD.format("rex")})
    assert answer.headers["set-cookie"].startswith("__Host-clearbar=")
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers


def test_every_answer_carries_a_strict_policy(sign_in: SignIn) -> None:
    rex = sign_in("rex")
    for address in ("/queue", "/queue.json", "/nowhere", "/static/style.css", "/static/review.js", "/reviews/9"):
        headers = rex.get(address).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == ("public, max-age=300" if "static" in address else "no-store")


def test_guessing_is_stopped_for_the_name_and_leaves_others_alone(app: FastAPI) -> None:
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        assert [attempt(client, "rex", "wrong guess") for _ in range(PER_NAME)] == [401] * PER_NAME
        assert attempt(client, "rex", PASSWORD.format("rex")) == 429
        assert attempt(client, "rita", PASSWORD.format("rita")) == 303


def test_unknown_and_locked_people_get_the_same_answer_as_a_wrong_password(app: FastAPI, store: Store) -> None:
    store.save_person("rita", role=StaffRole.REVIEWER, active=False, by="tests")
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        for name, password in (("nobody", "x" * 12), ("rita", PASSWORD.format("rita")), ("rex", "x" * 12)):
            answer = client.post("/sign-in", data={"name": name, "password": password})
            assert answer.status_code == 401
            assert "Name and password do not fit." in answer.text


def test_a_session_that_is_over_leads_to_the_sign_in_and_says_that_nothing_is_lost(store: Store, sign_in: SignIn) -> None:
    rex = sign_in("rex")
    csrf = rex.csrf
    with store.write() as connection:
        connection.execute(update(sign_ins).values(until=datetime.now(UTC) - timedelta(seconds=1)))
    assert rex.get("/queue").headers["location"] == "/sign-in?next=/queue"
    late = rex.client.post("/queue/next", data={"csrf": csrf})
    assert late.status_code == 401
    assert "What you saved is kept" in late.text


def test_signing_out_ends_the_session_for_good(sign_in: SignIn) -> None:
    rex = sign_in("rex")
    cookie = rex.client.cookies["clearbar"]
    rex.post("/sign-out")
    rex.client.cookies.set("clearbar", cookie)
    assert rex.get("/queue").status_code == 303


def test_a_form_of_another_session_changes_nothing(sign_in: SignIn) -> None:
    rex, rita = sign_in("rex"), sign_in("rita")
    for csrf in ("", "0" * 64, rita.csrf):
        refused = rex.client.post("/queue/next", data={"csrf": csrf})
        assert refused.status_code == 403
        assert "earlier session" in refused.text


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}])
def test_requests_from_other_sites_are_refused(sign_in: SignIn, headers: dict[str, str]) -> None:
    rex = sign_in("rex")
    assert rex.client.post("/queue/next", data={"csrf": rex.csrf}, headers=headers).status_code == 403
    assert rex.client.post("/sign-in", data={"name": "rex", "password": PASSWORD.format("rex")}, headers=headers).status_code == 403


@pytest.mark.parametrize("address", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nevil", ""])
def test_the_way_on_after_signing_in_never_leaves_the_site(address: str) -> None:
    assert safe_address(address) == "/"
    assert safe_address("/reviews/3?a=1") == "/reviews/3?a=1"


def test_the_store_holds_neither_passwords_nor_session_tokens(store: Store, sign_in: SignIn) -> None:
    token = sign_in("rex").client.cookies["clearbar"]
    files = [path for path in store.file.parent.iterdir() if path.name.startswith("review.db")]  # type: ignore[union-attr]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"$argon2id$" in kept
    assert PASSWORD.format("rex").encode() not in kept
    assert token.encode() not in kept


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda accounts: accounts.add("Rex!", role=StaffRole.REVIEWER, password="long enough", by="t"), "no name to sign in with"),
        (lambda accounts: accounts.add("zoe", role=StaffRole.REVIEWER, password="short", by="t"), "10 to 200 characters"),
        (lambda accounts: accounts.add("zoe", role=StaffRole.AGENT, password="long enough", by="t"), "needs the agent's pseudonym"),
    ],
)
def test_accounts_that_cannot_work_are_refused(store: Store, change: Callable[[Accounts], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        change(Accounts(store, hours=1, hasher=QUICK))


def test_an_admin_cannot_lock_themselves_out(sign_in: SignIn, store: Store) -> None:
    ada = sign_in("ada")
    assert ada.post("/people", name="ada", role="viewer", active="yes").status_code == 422
    assert ada.post("/people", name="zoe", role="viewer", active="yes", password="a new password", teams="parcels").status_code == 303
    assert store.person("zoe").teams == ("parcels",)  # type: ignore[union-attr]
