"""What is wrong with a store that does not do as asked: told from the database's error, in words, and waited for."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from forecasting.messages import N_, Message

Result = TypeVar("Result")
PATIENCE = 600.0  # seconds for which a worker waits for a store that does not answer
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between two tries

SILENT = N_(
    "The store of channels and runs does not answer. This page goes on by itself as soon as it does, and so does "
    "training. What you pressed meanwhile may not have been kept."
)
FULL = N_(
    "There is no room left on the disk of the store. Make room there: this page and training then go on by themselves."
)
READ_ONLY = N_(
    "The store cannot be written. Let the user that runs Viewcast write the store's file and its folder, or name "
    "another store in VIEWCAST_STORE."
)
DAMAGED = N_("The store is damaged. Start Viewcast again: it sets the damaged file aside and begins a new store.")
NEWER = N_(
    "The store was written by a newer version of Viewcast. Install that version, or name another store in "
    "VIEWCAST_STORE; this version has left it as it is."
)
ADDRESS = N_(
    "VIEWCAST_STORE is not the address of a store. Write sqlite:///FILE or postgresql://USER:PASSWORD@SERVER/DATABASE; "
    "an @ in a password is written as %40, a % as %25."
)
DRIVER = N_('A store on PostgreSQL needs one more package: pip install "psycopg[binary]". Then start Viewcast again.')
REFUSED = N_(
    "The database server refuses the user or the password in VIEWCAST_STORE. Correct them there or on the server, and "
    "start Viewcast again."
)
NO_DATABASE = N_(
    "The database server does not have the database that VIEWCAST_STORE names. Create it there: this page and training "
    "then go on by themselves."
)
NOT_ALLOWED = N_(
    "The database takes no changes from the user in VIEWCAST_STORE. Let that user create tables in it and write them: "
    "this page and training then go on by themselves."
)
SERVER_FULL = N_(
    "There is no room left on the disk of the database server. Make room there: this page and training then go on by "
    "themselves."
)
SERVER_DAMAGED = N_(
    "The database server finds its files damaged. Restore the database there from a backup, or name another store in "
    "VIEWCAST_STORE."
)
SQLITE_TROUBLES = {  # by the codes of https://sqlite.org/rescode.html
    3: READ_ONLY,
    5: SILENT,
    6: SILENT,
    8: READ_ONLY,
    10: SILENT,
    11: DAMAGED,
    13: FULL,
    14: READ_ONLY,
    15: SILENT,
    26: DAMAGED,
}
POSTGRESQL_TROUBLES = {  # by the codes, or their first letters, of postgresql.org/docs/current/errcodes-appendix.html
    "08": SILENT,  # connection
    "25006": NOT_ALLOWED,  # read-only
    "28": REFUSED,
    "3D": NO_DATABASE,
    "40": SILENT,  # two waited for each other
    "42501": NOT_ALLOWED,
    "53100": SERVER_FULL,
    "53": SILENT,
    "55": SILENT,  # locked
    "57": SILENT,  # stopped, or too slow
    "58": SILENT,
    "XX001": SERVER_DAMAGED,
    "XX002": SERVER_DAMAGED,
}
REFUSALS = {  # of a connection: libpq tells no code, only what the server says
    r"authentication failed|no password supplied|no pg_hba\.conf entry|role \".*\" (does|is) not": REFUSED,
    r"database \".*\" does not exist": NO_DATABASE,
    r"permission denied for database": NOT_ALLOWED,
}
PASSING = (SILENT, FULL, REFUSED, NO_DATABASE, NOT_ALLOWED, SERVER_FULL)


@dataclass(frozen=True)
class Trouble:
    """A store's trouble, as a sentence that says what to do."""

    message: Message

    @property
    def passes(self) -> bool:
        """Whether it is worth trying again."""
        return self.message.text in PASSING

    @property
    def is_damage(self) -> bool:
        """Whether the database is broken, or none at all."""
        return self.message.text == DAMAGED


class StoreTrouble(Exception):
    """A store that must not be used. `trouble` says why and what to do."""

    def __init__(self, text: str, **facts: object) -> None:
        self.trouble = Trouble(Message(text, facts))
        super().__init__(self.trouble.message.translated())


def trouble_of(error: BaseException) -> Trouble | None:
    """The store's trouble behind an error; None where the error is another one."""
    if isinstance(error, StoreTrouble):
        return error.trouble
    if isinstance(error, sa.exc.TimeoutError):  # every connection is waiting
        return Trouble(Message(SILENT))
    cause = getattr(error, "orig", error)
    if (code := getattr(cause, "sqlite_errorcode", None)) is not None:
        text = SQLITE_TROUBLES.get(code & 0xFF)  # the rest of the code goes into detail
    elif state := getattr(cause, "sqlstate", None):
        text = POSTGRESQL_TROUBLES.get(state) or POSTGRESQL_TROUBLES.get(state[:2])
    elif isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        text = next((said for pattern, said in REFUSALS.items() if re.search(pattern, str(cause))), SILENT)
    else:
        text = None
    return Trouble(Message(text)) if text else None


def patiently(act: Callable[[], Result], patience: float = PATIENCE) -> Result:
    """What `act` comes to. While the store does not answer it is tried again, for `patience` seconds, ever less often.

    Raises what `act` raises at last, or for any other reason.
    """
    end, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            return act()
        except Exception as error:
            trouble = trouble_of(error)
            if not (trouble and trouble.passes) or time.monotonic() > end:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def if_answered(act: Callable[[], Result]) -> Result | None:
    """What `act` comes to; None where the store does not answer."""
    try:
        return act()
    except Exception as error:
        if trouble_of(error) is None:
            raise
    return None
