"""Sign-in through a real, small identity provider; tokens that are not quite right open nothing."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.review.conftest import QUICK, add_people, free_port
from tests.review.provider import CLIENT, SECRET, Provider

from clearbar.project import Project
from clearbar.review import create_app
from clearbar.settings import OidcSettings, ReviewSettings, Settings
from clearbar.store import StaffRole, Store


@pytest.fixture
def provider() -> Iterator[Provider]:
    port = free_port()
    made = Provider(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(made.app(), host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture
def browser(project: Project, store: Store, provider: Provider) -> Iterator[TestClient]:
    add_people(store)
    store.save_person("rex", role=StaffRole.REVIEWER, teams=("*",), subject="subject-1", by="tests")
    oidc = OidcSettings(issuer=provider.address, client_id=CLIENT, client_secret=SecretStr(SECRET), name="Example & Co")
    app = create_app(project, Settings(review=ReviewSettings(oidc=oidc)), store, hasher=QUICK)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def come_back(browser: TestClient) -> str:
    """Go to the provider and return the address with which it sends the browser back."""
    begun = browser.get("/oidc/start?next=/quality")
    return str(httpx.get(begun.headers["location"]).headers["location"])


def test_whom_the_provider_vouches_for_is_signed_in(browser: TestClient) -> None:
    assert "Sign in with Example &amp; Co" in browser.get("/sign-in").text
    done = browser.get(come_back(browser))
    assert done.headers["location"] == "/quality"
    assert "rex" in browser.get("/quality").text


def test_an_answer_is_good_once_and_for_the_browser_that_asked(browser: TestClient) -> None:
    address = come_back(browser)
    cookies = dict(browser.cookies)
    browser.cookies.clear()
    assert browser.get(address).status_code == 400
    browser.cookies.update(cookies)
    assert browser.get(address.replace("state=", "state=x")).status_code == 400
    assert browser.get(address).status_code == 303
    assert browser.get(address).status_code == 400


@pytest.mark.parametrize(
    "spoilt",
    [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "old"}, {"sub": None}],
    ids=["audience", "issuer", "expired", "nonce", "subject"],
)
def test_tokens_that_are_not_quite_right_open_nothing(browser: TestClient, provider: Provider, spoilt: dict[str, object]) -> None:
    provider.spoilt = spoilt
    refused = browser.get(come_back(browser))
    assert refused.status_code == 400
    assert "cannot be used" in refused.text
    assert "clearbar" not in browser.cookies


def test_a_token_of_another_key_opens_nothing(browser: TestClient, provider: Provider) -> None:
    provider.signing = RSAKey.generate_key(2048, {"kid": "1"})
    assert browser.get(come_back(browser)).status_code == 400


def test_strangers_and_the_locked_out_are_turned_away(browser: TestClient, provider: Provider, store: Store) -> None:
    provider.subject = "stranger"
    assert "You have no account here" in browser.get(come_back(browser)).text
    provider.subject = "subject-1"
    store.save_person("rex", role=StaffRole.REVIEWER, subject="subject-1", active=False, by="tests")
    assert browser.get(come_back(browser)).status_code == 403


def test_a_provider_that_is_down_is_told_and_local_accounts_go_on(browser: TestClient, project: Project, store: Store) -> None:
    oidc = OidcSettings(issuer=f"http://127.0.0.1:{free_port()}", client_id=CLIENT, client_secret=SecretStr(SECRET))
    app = create_app(project, Settings(review=ReviewSettings(oidc=oidc)), store, hasher=QUICK)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        refused = client.get("/oidc/start")
        assert refused.status_code == 400
        assert "does not answer" in refused.text
    assert browser.post("/sign-in", data={"name": "rita", "password": "correct horse rita"}).status_code == 303
