"""What the server has acknowledged is there, whatever happens to the server."""

import threading
import time

import httpx
import pytest
from tests.review.conftest import PASSWORD, add_people, fill, serving, talk

from clearbar.project import Project
from clearbar.rubric_file import open_rubric
from clearbar.store import Mode, Store

WRITERS = 6


@pytest.mark.parametrize("after", [10, 100])
def test_every_acknowledged_save_survives_a_killed_server(url: str, project: Project, after: int) -> None:
    rubric = open_rubric("service_bar", project)
    with Store.open(url) as store:
        add_people(store)
        talks = [talk(number) for number in range(WRITERS)]
        fill(store, rubric, [(one, ()) for one in talks])
        numbers = [store.assign_one("rex", (one.source, one.id, one.text_hash, rubric.full_hash), mode=Mode.BLIND) for one in talks]
    acknowledged: dict[int, int] = dict.fromkeys(numbers, 0)
    with serving(url) as (address, process):
        started = threading.Barrier(WRITERS + 1)
        writers = [threading.Thread(target=save_on, args=(address, number, acknowledged, started)) for number in numbers]
        for writer in writers:
            writer.start()
        started.wait(timeout=60)
        while sum(acknowledged.values()) < after and any(writer.is_alive() for writer in writers):
            time.sleep(0.001)  # the moment of the kill is told by saves, since machines differ in speed
        process.kill()
        for writer in writers:
            writer.join()
    assert sum(acknowledged.values()) >= after
    with Store.open(url) as store:
        for number in numbers:
            draft = store.drafts(number)["courtesy"]
            assert draft.version >= acknowledged[number]
            assert draft.note == f"note {draft.version - 1}"


def save_on(address: str, number: int, acknowledged: dict[int, int], started: threading.Barrier) -> None:
    """Save again and again until the server is gone, and remember what it acknowledged."""
    with httpx.Client(base_url=address, timeout=30) as client:
        client.post("/sign-in", data={"name": "rex", "password": PASSWORD.format("rex")})
        page = client.get("/notices").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        started.wait(timeout=60)
        for version in range(100_000):
            body = {"level": "below", "note": f"note {version}", "version": version}
            try:
                answer = client.put(f"/reviews/{number}/drafts/courtesy", json=body, headers={"x-csrf": csrf})
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            acknowledged[number] = answer.json()["version"]
