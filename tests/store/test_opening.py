"""Opening makes, upgrades or refuses; every refusal is one line without credentials."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text
from tests.store.made import START, made_item, made_rubric, made_transcript

import clearbar.store
from clearbar.errors import StoreError
from clearbar.store import Mark, Run, Store, schema, upgrade
from clearbar.store.database import Database
from clearbar.store.tables import metadata


def at_revision(url: str | Path, revision: str) -> None:
    """Leave a store of an older revision with a watermark in it."""
    with Database(url) as database:
        if database.file:
            database.file.touch()
        with database.write() as connection:
            schema._migrate(connection, revision)
            connection.execute(text("INSERT INTO watermarks VALUES ('desk', :at, 'c1')"), {"at": START.timestamp()})


def pretend_newer(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE clearbar_revision SET version_num = '9999'"))


def refusal(url: str | Path) -> str:
    with pytest.raises(StoreError) as caught:
        Store.open(url).close()
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_importing_the_store_loads_neither_migrations_nor_graders() -> None:
    lean = "import sys, clearbar.store; print(sorted({'alembic', 'openai', 'langchain', 'prefect'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", lean], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_store_is_made_with_its_folder_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "clearbar.db"
    with Store.open(file) as store:
        store.advance("desk", Mark(START, "c1"))
        assert {path.name: path.stat().st_mode & 0o077 for path in file.parent.iterdir()} == dict.fromkeys(
            ["clearbar.db", "clearbar.db-wal", "clearbar.db-shm"], 0
        )


def test_a_store_that_is_not_there_is_not_made_against_the_callers_will(file: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        Store.open(file, create=False)
    assert not file.exists()


def test_an_empty_database_is_not_filled_against_the_callers_will(url: str) -> None:
    with pytest.raises(StoreError, match=r"there is no store|is empty"):
        Store.open(url, create=False)


def test_the_tables_are_those_that_the_migrations_make(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_the_listed_revisions_are_those_in_the_folder() -> None:
    folder = Path(clearbar.store.__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


@pytest.mark.parametrize("old", schema.REVISIONS[:-1])
def test_an_older_file_is_copied_and_brought_up_to_date(file: Path, old: str) -> None:
    at_revision(file, old)
    with Store.open(file) as store:
        assert store.watermark("desk") == Mark(START, "c1")
        store.save_batch(store.start_run(rubric=made_rubric(), asked="rules"), [made_item(made_transcript())])
        assert store.ledger.replies(["k"]) == []
        assert schema.revision(store) == schema.HEAD
    (copy,) = schema.backups(file)
    assert copy.name == f"clearbar.db.{old}.backup"
    with Database(copy) as database:
        assert schema.revision(database) == old


@pytest.mark.parametrize(
    ("reason", "waits"),
    [
        ('"level":"clears","fallback_reason":"failed:budget"', 1),
        ('"level":"ungraded","reason":"failed:unreachable"', 1),
        ('"level":"clears","fallback_reason":"the LLM could not be used: no key"', 1),
        ('"level":"ungraded","reason":"failed:unread"', 0),
        ('"level":"clears","rationale":"said \\"reason\\":\\"failed:budget\\""', 0),
    ],
)
def test_audits_that_waited_for_a_grader_before_an_upgrade_wait_after_it(file: Path, reason: str, waits: int) -> None:
    at_revision(file, "0005")
    insert = (
        "INSERT INTO audits (source, id, text_hash, grading_hash, asked, rubric, verdicts, usage, run, made_at)"
        " VALUES ('desk', 'c1', 't', 'g', 'llm', 'r', :verdicts, '{}', 'x', 1)"
    )
    with Database(file) as database, database.write() as connection:
        connection.execute(text(insert), {"verdicts": f'[{{"criterion":"solved",{reason}}}]'})
    with Store.open(file) as store, store.read() as connection:
        assert connection.execute(text("SELECT waiting FROM audits")).scalar_one() == waits


@pytest.mark.parametrize("old", schema.REVISIONS[:-1])
@pytest.mark.postgres
def test_an_older_postgresql_store_waits_for_its_owner(postgres_url: str, old: str) -> None:
    at_revision(postgres_url, old)
    assert refusal(postgres_url).endswith("run: clearbar store upgrade")
    assert upgrade(postgres_url) == (old, schema.HEAD)
    with Store.open(postgres_url) as store:
        assert store.watermark("desk") == Mark(START, "c1")


def test_upgrading_what_is_up_to_date_changes_nothing(url: str) -> None:
    Store.open(url).close()
    assert upgrade(url) == (schema.HEAD, schema.HEAD)


def test_a_store_newer_than_the_program_is_refused_and_left_alone(url: str) -> None:
    with Store.open(url) as store:
        pretend_newer(store)
    assert "was made by a newer clearbar (revision 9999" in refusal(url)
    with pytest.raises(StoreError, match="newer clearbar"):
        upgrade(url)
    with Database(url) as database:
        assert schema.revision(database) == "9999"


def test_a_database_of_another_program_is_refused(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE invoices (id)")
    assert "is a database of another program" in refusal(file)


@pytest.mark.postgres
def test_a_shared_postgresql_database_is_joined_unless_its_tables_clash(postgres_url: str) -> None:
    with Database(postgres_url) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE invoices (id int)"))
    Store.open(postgres_url).close()


@pytest.mark.postgres
def test_a_postgresql_database_with_tables_of_the_same_name_is_refused(postgres_url: str) -> None:
    with Database(postgres_url) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE conversations (id int)"))
    assert "is a database of another program" in refusal(postgres_url)


def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path) -> None:
    file.write_bytes(b"id,text\n" * 4000)
    assert "is no SQLite database" in refusal(file)
    assert file.read_bytes() == b"id,text\n" * 4000


def test_a_damaged_file_is_told(file: Path) -> None:
    with Store.open(file) as store:
        run = store.start_run(rubric=made_rubric(), asked="rules")
        store.save_batch(run, [made_item(made_transcript(number)) for number in range(300)])
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(4096)
        handle.write(os.urandom(size - 4096))
    assert "the file is damaged" in refusal(file)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(tmp_path)


def test_a_store_below_a_file_is_told(file: Path) -> None:
    file.touch()
    assert "cannot be made" in refusal(file / "clearbar.db")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:hush@h/d", "the store cannot be 'mysql'"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("://hush", "URL cannot be read"),
        ("postgresql://u:hush@127.0.0.1:1/d", "cannot be reached"),
        ("postgresql://u:hush@no-such-host.invalid/d", "server's name is unknown"),
    ],
)
def test_an_unusable_url_is_told_without_its_password(url: str, said: str) -> None:
    line = refusal(url)
    assert said in line
    assert "hush" not in line


@pytest.mark.postgres
def test_a_refused_password_and_a_missing_database_are_told(postgres_url: str) -> None:
    good = make_url(postgres_url)
    missing = refusal(good.set(database="nowhere").render_as_string(hide_password=False))
    assert "there is no such database" in missing
    assert not good.password or good.password not in missing
    if good.password:  # a server that trusts everybody refuses nobody
        refused = refusal(good.set(password="hush-hush").render_as_string(hide_password=False))
        assert "user or password is refused" in refused
        assert "hush" not in refused
        assert str(good.username) not in refused


def test_postgres_as_other_programs_write_it_is_understood() -> None:
    with Database("postgres://u:p@h:5/d") as database:
        assert (database.sqlite, database.name) == (False, "h/d")


def test_a_full_disk_is_told_and_what_was_saved_is_kept(file: Path) -> None:
    with Store.open(file) as store:
        run = store.start_run(rubric=made_rubric(), asked="rules")
        store.save_batch(run, [made_item(made_transcript(1))])
        with store.write() as connection:  # the one write connection keeps the limit
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
        with pytest.raises(StoreError, match="the disk is full: free some space") as caught:
            store.save_batch(run, [made_item(made_transcript(number, text="secret words " * 900)) for number in range(2, 9)])
        assert "secret" not in str(caught.value)
        with store.write() as connection:
            connection.execute(text("PRAGMA max_page_count = 1073741823"))
        store.save_batch(run, [made_item(made_transcript(9))])
    with Store.open(file) as store:
        assert [audit.conversation.id for audit in store.audits()] == ["c00001", "c00009"]


FILL = """
import resource, signal, sys
from clearbar.errors import StoreError
from clearbar.store import Store
from tests.store.made import made_item, made_rubric, made_transcript
store = Store.open(sys.argv[1])
run = store.start_run(rubric=made_rubric(), asked="rules")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
for number in range(1000):
    try:
        store.save_batch(run, [made_item(made_transcript(number, text="words " * 2000))])
    except StoreError as error:
        print(error)
        break
    print(number, flush=True)
"""


def test_an_operating_system_that_refuses_to_write_is_told_and_what_was_saved_is_kept(file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FILL, str(file)], capture_output=True, text=True, check=False, cwd=_root())
    assert done.returncode == 0, done.stderr
    *saved, line = done.stdout.splitlines()
    assert line.startswith(f"store {file}: ")
    assert "words" not in line
    assert len(saved) > 3
    with Store.open(file) as store:
        kept = {audit.conversation.id for audit in store.audits()}
    assert {f"c{int(number):05}" for number in saved} <= kept


def test_a_store_that_another_process_holds_locked_is_told(file: Path) -> None:
    with Store.open(file) as store, closing(sqlite3.connect(file, isolation_level=None)) as other:
        with store.write() as connection:
            connection.execute(text("PRAGMA busy_timeout = 10"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process holds it locked"):
            store.advance("desk", Mark(START, "c1"))
        assert store.watermark("desk") is None  # readers go on


def test_a_read_only_store_is_told(store: Store, url: str) -> None:
    if not url.startswith("sqlite"):
        with pytest.raises(StoreError, match="read-only"), store.read() as connection:
            connection.execute(text("DELETE FROM watermarks"))
        return
    with store.write() as connection:
        connection.execute(text("PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match="it is read-only"):
        store.advance("desk", Mark(START, "c1"))


def test_a_run_of_the_store_is_read_while_a_writer_is_busy(store: Store, run: Run) -> None:
    with store.write() as connection:
        connection.execute(text("DELETE FROM runs"))
        assert store.run(run.id).id == run.id


def _root() -> Path:
    return Path(__file__).parents[2]
