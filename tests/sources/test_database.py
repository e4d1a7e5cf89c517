"""SQL databases: the same conversations from SQLite and PostgreSQL, pushed-down periods, and no credential in any line."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from tests.postgres import new_database, postgres_server

from clearbar.errors import SourceError
from clearbar.sources import FieldMap, open_source
from clearbar.transcript import Role

Pull = Callable[..., Any]
START = datetime(2026, 11, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/talks.db"
        return
    with new_database(request.getfixturevalue("server")) as made:
        yield made


def engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=NullPool)


def fill(url: str, rows: list[dict[str, Any]], **types: Any) -> None:
    made = engine(url)
    table = sa.Table("messages", sa.MetaData(), *(sa.Column(column, types.get(column, sa.Text)) for column in rows[0]))
    table.create(made)
    with made.begin() as connection:
        connection.execute(table.insert(), rows)


def messages(*ids: str, step: timedelta = timedelta(days=1)) -> list[dict[str, Any]]:
    """Two turns a conversation, the later one stored first."""
    return [
        {"conversation_id": id, "position": position, "role": role, "text": f"{id} {position}", "updated_at": START + place * step}
        for place, id in enumerate(ids)
        for position, role in ((2, "agent"), (1, "customer"))
    ]


TYPES: dict[str, Any] = {"position": sa.Integer, "updated_at": sa.DateTime(timezone=True)}


def test_a_table_with_one_row_a_turn_is_read_in_order(url: str, pull: Pull) -> None:
    fill(url, messages("b", "a"), **TYPES)
    found = pull(f"{url}#messages")
    assert [item.id for item in found.transcripts] == ["a", "b"]
    assert [(turn.role, turn.text) for turn in found.transcripts[0].turns] == [(Role.CUSTOMER, "a 1"), (Role.AGENT, "a 2")]
    assert found.transcripts[1].updated_at == START


def test_maps_name_the_columns(url: str, pull: Pull) -> None:
    fill(url, [{"Conv": "1", "Who": "rep", "Said": "hi", "Desk": "blue"}])
    (one,) = pull(f"{url}#messages", "id=Conv,role=Who,text=Said,team=Desk").transcripts
    assert (one.id, one.team, one.turns[0].role) == ("1", "blue", Role.AGENT)


def test_without_a_position_the_time_orders_the_turns(url: str, pull: Pull) -> None:
    rows = [
        {"conversation_id": "1", "role": "agent", "text": text, "time": time} for text, time in (("late", "10:05:00"), ("early", "9:05:00"))
    ]
    fill(url, rows)
    assert [turn.text for turn in pull(f"{url}#messages").transcripts[0].turns] == ["early", "late"]


def test_one_row_a_conversation_may_hold_its_turns_as_json(url: str, pull: Pull) -> None:
    fill(url, [{"id": "1", "turns": '[{"role": "agent", "text": "hi"}]', "team": "blue"}, {"id": "2", "turns": "{", "team": "red"}])
    found = pull(f"{url}#messages")
    assert [(item.id, item.team) for item in found.transcripts] == [("1", "blue")]
    assert [(fault.id, "no field 'turns'" in fault.reason) for fault in found.rejections] == [("2", True)]


def test_a_query_is_read_like_a_table(url: str, pull: Pull) -> None:
    fill(url, messages("a", "b"), **TYPES)
    query = "SELECT conversation_id, position, role, text AS message, updated_at FROM messages WHERE conversation_id <> ':b'\n;"
    assert [item.id for item in pull(url, query=query).transcripts] == ["a", "b"]


def test_a_view_is_a_table(url: str, pull: Pull) -> None:
    fill(url, messages("a"), **TYPES)
    with engine(url).begin() as connection:
        connection.execute(sa.text("CREATE VIEW talks AS SELECT * FROM messages"))
    assert len(pull(f"{url}#talks").transcripts) == 1


@pytest.mark.postgres
def test_materialized_views_uuids_and_time_zones_are_read(server: str, pull: Pull) -> None:
    with new_database(server) as url:
        fill(
            url,
            [{"conversation_id": "00000000-0000-0000-0000-000000000007", "role": "agent", "text": "hi"}],
            conversation_id=sa.Uuid(as_uuid=False),
        )
        with engine(url).begin() as connection:
            connection.execute(sa.text("CREATE MATERIALIZED VIEW talks AS SELECT *, now() AS time, 5.0::numeric AS csat FROM messages"))
        (one,) = pull(f"{url}#talks").transcripts
        assert one.id == "00000000-0000-0000-0000-000000000007"
        assert (one.turns[0].time, one.csat) == (0, 5.0)
        (other,) = pull(f"{url}#public.talks").transcripts
        assert other.id == one.id


def test_an_incremental_pull_leaves_old_rows_in_the_database(url: str, pull: Pull) -> None:
    rows = messages("a", "b", "c")
    fill(url, rows, **TYPES)
    since = START + timedelta(days=1)
    found = [item.id for item in pull(f"{url}#messages", since=since).transcripts]
    # SQLite keeps such times as text, whose order is not trusted: the pipeline then leaves out what is old.
    assert found == (["a", "b", "c"] if url.startswith("sqlite") else ["b", "c"])


@pytest.mark.parametrize("factor", [1, 1_000])
def test_a_conversation_whose_last_row_changed_is_pulled_whole(url: str, pull: Pull, factor: int) -> None:
    rows = [
        {"conversation_id": id, "position": position, "role": "agent", "text": "x", "updated_at": (START.timestamp() + age) * factor}
        for id, position, age in (("a", 1, 0), ("a", 2, 900), ("b", 1, 0))
    ]
    fill(url, rows, position=sa.Integer, updated_at=sa.Double)
    (one,) = pull(f"{url}#messages", since=START + timedelta(seconds=60)).transcripts
    assert one.id == "a"
    assert len(one.turns) == 2
    assert one.updated_at == START + timedelta(seconds=900)


def test_a_bad_row_rejects_its_conversation_alone(url: str, pull: Pull) -> None:
    rows = messages("a", "b", "c")
    rows[2]["role"] = "boss"
    rows.append({"conversation_id": None, "position": 1, "role": "agent", "text": "lost", "updated_at": START})
    fill(url, rows, **TYPES)
    found = pull(f"{url}#messages")
    assert [item.id for item in found.transcripts] == ["a", "c"]
    assert sorted(str(fault.id) for fault in found.rejections) == ["None", "b"]


def test_many_rows_are_read_without_loading_them_all(url: str, pull: Pull) -> None:
    fill(url, messages(*(f"{number:05}" for number in range(3_000)), step=timedelta(seconds=1)), **TYPES)
    assert len(pull(f"{url}#messages").transcripts) == 3_000


def test_a_missing_table_is_told_with_those_there_are(url: str, pull: Pull) -> None:
    fill(url, messages("a"), **TYPES)
    with pytest.raises(SourceError, match=r"no table 'talks'; tables: messages"):
        pull(f"{url}#talks")


def test_neither_or_both_of_table_and_query_is_refused(url: str, pull: Pull) -> None:
    fill(url, messages("a"), **TYPES)
    with pytest.raises(SourceError, match="needs a table or a query"):
        pull(url)
    with pytest.raises(SourceError, match="needs a table or a query"):
        pull(f"{url}#messages", query="SELECT 1")


def test_a_query_that_the_database_refuses_is_told_in_one_line(url: str, pull: Pull) -> None:
    fill(url, messages("a"), **TYPES)
    with pytest.raises(SourceError) as caught:
        pull(url, query="SELECT nothing FROM nowhere")
    assert "\n" not in str(caught.value)


def test_a_table_that_holds_no_conversations_is_told_with_its_columns(url: str, pull: Pull) -> None:
    fill(url, [{"sku": "1", "price": "2"}])
    with pytest.raises(SourceError, match="'sku', 'price'"):
        pull(f"{url}#messages")


def test_a_missing_sqlite_file_is_not_made(tmp_path: Path, pull: Pull) -> None:
    with pytest.raises(SourceError, match="no such database file"):
        pull(f"sqlite:///{tmp_path}/none.db#messages")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_told(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.db").write_text("not a database, but long enough to look at " * 50, encoding="utf-8")
    with pytest.raises(SourceError, match="refused"):
        pull(f"sqlite:///{tmp_path}/a.db#messages")


@pytest.mark.parametrize("url", ["nosuchdb://host/db#t", "mysql+nosuch://u:geheim@h/db#t", "://", "postgresql://[#t"])
def test_a_url_that_leads_nowhere_is_told_without_its_password(pull: Pull, url: str) -> None:
    with pytest.raises(SourceError) as caught:
        pull(url)
    assert "geheim" not in str(caught.value)


def test_an_unreachable_server_is_told_without_credentials(pull: Pull) -> None:
    with pytest.raises(SourceError) as caught:
        pull("postgresql://user:geheim@127.0.0.1:1/db?connect_timeout=2&sslpassword=geheim#t")
    told = str(caught.value)
    assert "geheim" not in told
    assert "user" not in told.split("refused", maxsplit=1)[0]
    assert "\n" not in told


@pytest.mark.postgres
def test_no_credential_is_shown_or_hashed(server: str) -> None:
    with new_database(server) as url:
        fill(url, messages("a"), **TYPES)
        password = str(sa.make_url(url).password)
        other = sa.make_url(url).set(query={"application_name": "x"}).render_as_string(hide_password=False)
        one, two = (open_source(f"{link}#messages", FieldMap(), root=Path("/"), notice=print) for link in (url, other))
        assert one.fingerprint == two.fingerprint
        assert password not in one.name
        assert str(sa.make_url(url).username) not in one.name
        (item,) = [found for _, found in one.pull()]
        assert password not in repr(item)
        with pytest.raises(SourceError) as caught:
            open_source(url.replace(password, "falsch") + "#messages", FieldMap(), root=Path("/"), notice=print)
        assert "falsch" not in str(caught.value)
