"""A store in one file, and back into any other; and as one does it on the command line."""

import shutil

import pytest
import sqlalchemy as sa

from forecasting.__main__ import main
from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.database import open_engine
from forecasting.jobs.runs import RunStore
from forecasting.jobs.tables import jobs, runs
from tests.support.filled_store import fill
from tests.support.locks import locked
from tests.support.older_stores import RELEASED, contents, write_released
from tests.support.postgresql import PASSWORD

pytestmark = pytest.mark.both_databases


@pytest.fixture
def filled(store) -> RunStore:
    """Two runs, one with a bad row, and a chapter."""
    ids = fill(store, "me", 2, epochs=30)
    store.tag("me", ids[:1], add=["频道"])
    ChapterStore(store.engine).note("me", "three_steps", tried=True)
    with store.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == ids[0]).values(request="{"))
        connection.execute(sa.update(runs).where(runs.c.job == ids[1]).values(pinned=True))
    return store


def store_command(monkeypatch, url: str, *arguments: object) -> int:
    monkeypatch.setenv("VIEWCAST_STORE", url)
    return main(["store", *map(str, arguments)])


def as_said(found: dict[str, list]) -> dict[str, list]:
    """Bytes are bytes, whichever driver has read them."""
    return {
        name: [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]
        for name, rows in found.items()
    }


@pytest.fixture
def empty_urls(database_kind, tmp_path, request) -> list[str]:
    """Stores to restore into: of SQLite, and of the database of this test."""
    urls = [f"sqlite:///{(tmp_path / 'other.db').as_posix()}"]
    if database_kind == "postgresql":
        schema = request.getfixturevalue("database_server").schema("restored")
        urls.append(schema.__enter__())
        request.addfinalizer(lambda: schema.__exit__(None, None, None))
    return urls


def test_a_backup_put_back_holds_every_row_as_it_was(filled, store_url, tmp_path, empty_urls, monkeypatch, capsys):
    backup = tmp_path / "backup.db"
    assert store_command(monkeypatch, store_url, "backup", backup) == 0
    kept = backup.read_bytes()
    for url in empty_urls:
        assert store_command(monkeypatch, url, "restore", backup) == 0
        assert "rows,62" in capsys.readouterr().out.splitlines()
        assert as_said(contents(url)) == as_said(contents(store_url))
    assert backup.read_bytes() == kept and not list(tmp_path.glob("backup.db?*"))


def test_a_backup_is_of_one_moment_though_others_write(filled, store_url, tmp_path, monkeypatch):
    with locked(store_url):  # somebody is about to write
        assert store_command(monkeypatch, store_url, "backup", tmp_path / "backup.db") == 0
    with filled.engine.begin() as connection:
        connection.execute(sa.delete(jobs))
    copy = RunStore(open_engine(f"sqlite:///{(tmp_path / 'backup.db').as_posix()}"))
    assert [run.pinned for run in copy.runs("me")] == [True] and len(copy.final_losses("me")) == 2
    copy.engine.dispose()


@pytest.mark.parametrize("version", RELEASED)
def test_a_backup_of_an_older_version_is_put_back_as_one_of_today(version, store_url, tmp_path, monkeypatch):
    older = f"sqlite:///{(tmp_path / 'older.db').as_posix()}"
    before = contents(write_released(version, older))
    assert store_command(monkeypatch, store_url, "restore", tmp_path / "older.db") == 0
    after = contents(store_url)
    assert len(after["runs"]) == len(before["runs"]) and len(after["rows"]) == len(before["rows"])
    assert contents(older) == before


def refused(monkeypatch, capsys, url: str, *arguments: object) -> str:
    """One sentence, and the exit code 2."""
    assert store_command(monkeypatch, url, *arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1 and PASSWORD not in said
    return said


def test_what_cannot_be_copied_is_said_and_nothing_is_changed(filled, store_url, tmp_path, monkeypatch, capsys):
    backup, before = tmp_path / "backup.db", contents(store_url)
    store_command(monkeypatch, store_url, "backup", backup)
    assert "already" in refused(monkeypatch, capsys, store_url, "backup", backup)
    assert "already" in refused(monkeypatch, capsys, store_url, "restore", backup)
    assert "no file" in refused(monkeypatch, capsys, store_url, "restore", tmp_path / "none.db")
    shutil.copy(__file__, tmp_path / "text.db")
    assert "damaged" in refused(monkeypatch, capsys, store_url, "restore", tmp_path / "text.db")
    assert contents(store_url) == before


def test_a_copy_that_is_interrupted_leaves_nothing(filled, store_url, tmp_path, empty_urls, monkeypatch):
    backup, url = tmp_path / "backup.db", empty_urls[-1]
    store_command(monkeypatch, store_url, "backup", backup)
    with monkeypatch.context() as patch:
        patch.setattr("forecasting.jobs.copying._as_kept", lambda table: 1 / 0 if table.name == "rows" else table)
        with pytest.raises(ZeroDivisionError):
            store_command(monkeypatch, url, "restore", backup)
    assert not any(rows for name, rows in contents(url).items() if name != "schema_version")
    assert store_command(monkeypatch, url, "restore", backup) == 0
