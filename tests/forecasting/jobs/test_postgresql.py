"""A store on a PostgreSQL server: addresses, what is said when the server says no, and that one goes on afterwards."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from forecasting.jobs import postgresql as connections
from forecasting.jobs.database import connect, open_engine, open_store, parse_url, url_of
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.tables import SCHEMA_VERSION, jobs, schema_version
from forecasting.jobs.troubles import StoreTrouble, Trouble, patiently, trouble_of
from tests.forecasting.jobs.test_runs import channel, settings
from tests.support.postgresql import PASSWORD, USER, Server, running


@pytest.fixture(params=["postgresql"])
def database_kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """One that may be stopped."""
    with running() as server:
        yield server


@pytest.fixture
def url(own_server) -> Iterator[str]:
    with own_server.database(f"store_{os.urandom(6).hex()}") as url:
        yield url


def trouble_in(act: Callable[[], object]) -> Trouble:
    """What is said of the error that `act` ends with; a password is in none of it."""
    with pytest.raises(Exception) as caught:
        act()
    trouble = trouble_of(caught.value)
    assert trouble, caught.value
    chain = [error for error in (caught.value, caught.value.__cause__) if error]
    for text in (trouble.message.translated(), *map(str, chain), *map(repr, chain)):
        assert PASSWORD not in text and "hush" not in text
    return trouble


def said_in(act: Callable[[], object]) -> str:
    return trouble_in(act).message.translated()


# Addresses


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_way_to_write_a_postgresql_address_is_one(name):
    address = parse_url(f" {name}://me:secret@there:6000/mine?sslmode=require\n")
    engine = connect(address.render_as_string(hide_password=False))
    assert engine.dialect.name == "postgresql" and engine.dialect.driver == "psycopg"
    assert (engine.url.host, engine.url.port, engine.url.database) == ("there", 6000, "mine")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "runs.db",
        "mysql://me:hush@there/mine",
        "postgresql://me:hush@hush:1/2@there/mine",
        "postgresql://me:hush@hush@there/mine",
        "postgresql://me:hush@hush?x@there/mine",
        "postgresql://me@there/mine?hush=1",
        "postgresql://me:hush@there:x/y",
    ],
)
def test_what_is_no_address_is_said_without_repeating_it(address):
    assert "not the address" in said_in(lambda: open_store(address))


def test_a_missing_driver_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "forecasting.jobs.postgresql")
    monkeypatch.delattr("forecasting.jobs.postgresql")
    assert 'pip install "psycopg[binary]"' in said_in(lambda: open_store("postgresql://me:hush@there/mine"))


# What the server refuses


def as_user(server: Server, url: str, name: str, *rights: str) -> str:
    """The address for another user, made anew, who may do this alone."""
    database = sa.make_url(url).database
    server.execute(f"drop role if exists {name}")
    server.execute(f"create role {name} login password '{PASSWORD}'")
    for right in rights:
        server.execute(right.format(database=database, name=name))
    return sa.make_url(url).set(username=name).render_as_string(hide_password=False)


def test_a_wrong_password_and_an_unknown_user_are_refused(own_server, url):
    given = f"{USER}:{PASSWORD}@"
    for other in (f"{USER}:wrong@", f"nobody:{PASSWORD}@", f"{USER}@"):
        address = url.replace(given, other)
        assert address != url
        assert "refuses the user or the password" in said_in(lambda address=address: open_store(address))


def test_a_database_that_is_not_there_is_waited_for(own_server):
    trouble = trouble_in(lambda: open_store(own_server.url("not_yet")))
    assert "does not have the database" in trouble.message.translated() and trouble.passes
    with own_server.database("not_yet") as url:
        open_store(url)[0].dispose()


def test_a_user_who_may_not_create_tables_is_told(own_server, url):
    assert "takes no changes" in said_in(lambda: open_store(as_user(own_server, url, "guest")))


def test_a_database_that_is_only_read_says_so_and_takes_changes_later(own_server, url):
    store = RunStore(open_engine(url))
    name = sa.make_url(url).database
    own_server.execute(f"alter database {name} set default_transaction_read_only = on")
    store.engine.dispose()
    trouble = trouble_in(lambda: store.submit("me", channel(), settings(), name="run"))
    assert "takes no changes" in trouble.message.translated() and trouble.passes
    assert store.runs("me") == []
    own_server.execute(f"alter database {name} reset default_transaction_read_only")
    store.engine.dispose()
    assert store.submit("me", channel(), settings(), name="run")
    store.engine.dispose()


@pytest.mark.parametrize(
    ("code", "said"), [("53100", "no room left"), ("53200", "does not answer"), ("XX001", "files damaged")]
)
def test_what_goes_wrong_on_the_server_is_told_by_its_code(own_server, url, code, said):
    store = RunStore(open_engine(url))
    failing = f"begin raise exception 'no' using errcode = '{code}'; end"
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"create function fail() returns trigger language plpgsql as $$ {failing} $$")
        connection.exec_driver_sql("create trigger fails before insert on jobs execute function fail()")
    assert said in said_in(lambda: store.submit("me", channel(), settings(), name="run"))
    store.engine.dispose()


def test_a_store_of_a_newer_version_is_refused_and_not_written_to(own_server, url):
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.update(schema_version).values(version=SCHEMA_VERSION + 1))
        connection.exec_driver_sql("alter table runs drop column tags")
    with pytest.raises(StoreTrouble) as caught:
        open_store(url)
    assert "newer version" in str(caught.value)
    assert "tags" not in {column["name"] for column in sa.inspect(engine).get_columns("runs")}
    engine.dispose()


def test_a_server_with_no_connection_to_spare_does_not_answer(own_server, url):
    address = as_user(
        own_server, url, "crowd", "alter role {name} connection limit 1", "grant all on schema public to {name}"
    )
    first = connect(address)
    with first.connect():
        assert "does not answer" in said_in(lambda: open_store(address))
    first.dispose()


# A server that is gone, frozen or busy


def test_one_goes_on_once_the_server_has_been_started_again(own_server, url):
    store = RunStore(open_engine(url))
    store.submit("me", channel(), settings(), name="run")
    for end in (own_server.stop, own_server.kill):
        end()
        trouble = trouble_in(lambda: store.runs("me"))
        assert "does not answer" in trouble.message.translated() and trouble.passes
        own_server.start()
        assert [run.name for run in store.runs("me")] == ["run"]
    store.engine.dispose()


def test_a_worker_waits_for_a_server_that_is_down(own_server, url):
    store = RunStore(open_engine(url))
    own_server.stop()
    starting = threading.Timer(0.3, own_server.start)
    starting.start()
    assert patiently(lambda: store.runs("me")) == []
    starting.join()
    store.engine.dispose()


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Its processes stand still; connections stay, and nothing comes."""
    main = server.process.pid
    processes = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    yield
    for process in processes:
        os.kill(process, signal.SIGCONT)


def test_a_server_that_stands_still_is_given_up_and_found_again(own_server, url, monkeypatch):
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 1)
    store = RunStore(open_engine(url))
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)
    with frozen(own_server):
        assert "does not answer" in said_in(lambda: store.runs("me"))
    assert store.runs("me") == []
    store.engine.dispose()


def test_a_row_that_another_keeps_is_waited_for_so_long_alone(own_server, url):
    store, hasty = RunStore(open_engine(url)), JobQueue(open_engine(url, patience=0.05))
    run_id = store.submit("me", channel(), settings(), name="run")
    with store.engine.begin() as connection:
        connection.execute(sa.select(jobs).with_for_update())
        assert "does not answer" in said_in(hasty.claim_next)
    assert hasty.claim_next().id == run_id
    for engine in (store.engine, hasty.engine):
        engine.dispose()


def test_a_server_has_so_many_connections_and_no_more(own_server, url):
    store = RunStore(open_engine(url, connections=3))
    threads = [threading.Thread(target=store.runs, args=("me",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count = "select count(*) from pg_stat_activity where application_name = 'viewcast' and datname = '{}'"
    assert own_server.execute(count.format(sa.make_url(url).database))[0][0] <= 3
    store.engine.dispose()


def test_a_password_is_in_no_log(own_server, url, caplog):
    caplog.set_level(logging.DEBUG)
    engine, _said = open_store(url)
    RunStore(engine).submit("me", channel(), settings(), name="run")
    assert PASSWORD in sa.make_url(url_of(engine)).password and USER in repr(engine)
    assert PASSWORD not in caplog.text and PASSWORD not in repr(engine) and PASSWORD not in str(engine.url)
    engine.dispose()
