"""What a host allows each person, read from environment variables VIEWCAST_..., with defaults that are safe.

A server that only its own machine reaches is one person's, who has no small limits; every other one is hosted.
`python -m forecasting.hosting` prints what holds for a hosted server, and exits with 2 where a variable cannot be read.
"""

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from forecasting.messages import N_, BadInput

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOSTED = "VIEWCAST_HOSTED"  # "yes" or "no" where the address does not tell, as behind a proxy on the same machine
LOG = "VIEWCAST_LOG"  # "json" for a line on stderr of each rerun and each job
ADMINS = "VIEWCAST_ADMINS"  # who may look at the page of the server, with commas between
NO_LIMIT = "none"
NO_NUMBER = N_("{variable} is “{value}”; give it a number above 0, or “none” for no limit.")
NO_LOG = N_("{variable} is “{value}”; give it “json”, or leave it out.")
NO_ANSWER = N_("{variable} is “{value}”; give it “yes” or “no”.")


def limit(variable: str, hosted: float, local: float = math.inf) -> Any:
    """A field that `variable` sets, else with a default of its own for hosted and for local servers."""
    return field(metadata={"variable": variable, True: hosted, False: local})


@dataclass(frozen=True)
class Hosting:
    """Limits of a server; one that does not hold is infinite. Those of the first part are of each person."""

    hosted: bool
    runs: float = limit("VIEWCAST_RUNS", 200)  # kept
    channels: float = limit("VIEWCAST_CHANNELS", 20)  # kept, beside the sample
    storage: float = limit("VIEWCAST_STORAGE", 200)  # MB of all that is kept
    queue: float = limit("VIEWCAST_QUEUE", 20)  # jobs that wait or are worked on
    at_once: float = limit("VIEWCAST_AT_ONCE", 2)  # jobs that are worked on

    work: float = limit("VIEWCAST_WORK", 20_000)  # million parameters x seeds x epochs of a job
    job_minutes: float = limit("VIEWCAST_JOB_MINUTES", 30)  # a worker's time for a job
    days_kept: float = limit("VIEWCAST_DAYS_KEPT", 30)  # of a browser that does not come back; signed in, all is kept

    reading_seconds: float = limit("VIEWCAST_READING_SECONDS", 10, 10)  # for an upload
    reading_memory: float = limit("VIEWCAST_READING_MEMORY", 500, 500)  # MB
    workers: float = limit("VIEWCAST_WORKERS", math.inf)  # no more than cores
    worker_memory: float = limit("VIEWCAST_WORKER_MEMORY", math.inf)  # MB; no more than a worker's share of the machine

    admins: frozenset[str] = frozenset()  # their addresses or subjects at the provider, in lower case

    def described(self) -> str:
        """A line a limit: its variable and its value."""
        lines = (f"{one.metadata['variable']} {_written(getattr(self, one.name))}" for one in _limits())
        return "\n".join(lines)


def read_hosting(address: str | None = None, environment: Mapping[str, str] = os.environ) -> Hosting:
    """The limits of a server that listens at `address` (None: everywhere).

    Raises BadInput, which names the variable, where the environment has what cannot be used.
    """
    hosted = is_hosted(address, environment)
    limits = {one.name: _value(one.metadata["variable"], one.metadata[hosted], environment) for one in _limits()}
    writes_json(environment)
    return Hosting(hosted=hosted, admins=_names(environment.get(ADMINS, "")), **limits)


def writes_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the log is to be lines of JSON. Raises BadInput as `read_hosting`."""
    said = environment.get(LOG, "").strip().lower()
    if said not in ("", "json"):
        raise BadInput(NO_LOG, variable=LOG, value=said)
    return said == "json"


def _names(listed: str) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in listed.split(",")) - {""}


def is_hosted(address: str | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether others than the machine's own user come to a server at `address`. Raises BadInput as `read_hosting`."""
    said = environment.get(HOSTED, "").strip().lower()
    if said not in ("", "yes", "no"):
        raise BadInput(NO_ANSWER, variable=HOSTED, value=said)
    return said == "yes" if said else address not in LOOPBACK


def _limits() -> list:
    return [one for one in fields(Hosting) if one.metadata]


def _value(variable: str, default: float, environment: Mapping[str, str]) -> float:
    given = environment.get(variable, "").strip()
    if not given:
        return default
    try:
        value = math.inf if given.lower() == NO_LIMIT else float(given)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise BadInput(NO_NUMBER, variable=variable, value=given)
    return value


def _written(value: float) -> str:
    return NO_LIMIT if math.isinf(value) else f"{value:g}"


UNLIMITED = read_hosting(LOOPBACK[0], {})  # what holds where nobody is host: on the command line, in a library


def _main() -> int:
    try:
        print(read_hosting().described())
    except BadInput as problem:
        print("error:", problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(_main())
