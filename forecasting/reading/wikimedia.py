"""Asking Wikimedia: one request at a time, with bounds on time, size and rate; an answer is JSON or one sentence."""

import json
import math
import os
import time
import zlib
from concurrent.futures import Future
from threading import Lock, Thread

from forecasting import __version__
from forecasting.messages import N_, BadInput

ADDRESS = "VIEWCAST_WIKIMEDIA"  # environment: a server that stands in for Wikimedia's, or "off"
CONTACT = "VIEWCAST_CONTACT"  # environment: how Wikimedia reaches the host, as its User-Agent policy asks
PATIENCE = 10.0  # seconds for an answer, with the wait for our turn
PAUSE = 0.3  # seconds between two requests: 200 a minute, what Wikimedia grants to those who say who they are
LARGEST = 8 * 2**20  # bytes: twelve years of days are less than 1 MB
LONGEST_WAIT = 600  # seconds that Retry-After is believed
USUAL_WAIT = 60  # seconds where Retry-After does not say
CHUNK = 2**16  # bytes

OFF = N_("Reading from Wikipedia is switched off here; bring a file instead.")
UNREACHABLE = N_("Wikimedia cannot be reached; check the network and try again.")
SLOW = N_("Wikimedia did not answer within {seconds} seconds; try again later.")
BUSY = N_(
    "Wikimedia asks to wait; try again in {count} second.", "Wikimedia asks to wait; try again in {count} seconds."
)
FAILED = N_("Wikimedia answered with error {status}; try again later.")
ODD = N_("Wikimedia's answer is not a list of daily views; try again later.")


def is_on() -> bool:
    """Whether the host lets visitors read from Wikimedia."""
    return os.environ.get(ADDRESS, "").strip().casefold() != "off"


def get(host: str, path: str, patience: float | None = None) -> object:
    """The JSON at a path, which is quoted already; None where Wikimedia has nothing there (404).

    Raises BadInput when switched off, out of reach, slower than `patience` in seconds, throttled, or no JSON.
    """
    if not is_on():
        raise BadInput(OFF)
    patience = PATIENCE if patience is None else patience
    response: Future[object] = Future()
    # A thread of its own, since neither a look-up of a name nor headers that trickle in have a bound on their time.
    Thread(target=_ask, args=(response, _url(host, path), time.monotonic() + patience), daemon=True).start()
    try:
        return response.result(patience)
    except TimeoutError:
        raise BadInput(SLOW, seconds=f"{patience:g}") from None


def _url(host: str, path: str) -> str:
    stand_in = os.environ.get(ADDRESS, "").strip().rstrip("/")
    return f"{stand_in}/{host}{path}" if stand_in else f"https://{host}{path}"


def _ask(response: "Future[object]", url: str, deadline: float) -> None:
    try:
        response.set_result(_TURNS.take(url, deadline))
    except BaseException as problem:  # whoever waits for the response raises it
        response.set_exception(problem)


class _Turns:
    """Requests of this process leave one after the other, and none before Wikimedia wants to hear from us again."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.next = 0.0  # time.monotonic() of the earliest next request

    def take(self, url: str, deadline: float) -> object:
        """Wait for our turn, then the answer. Raises TimeoutError past the deadline."""
        if not self.lock.acquire(timeout=max(0, deadline - time.monotonic())):
            raise TimeoutError
        try:
            wait = self.next - time.monotonic()
            if wait > deadline - time.monotonic():
                raise BadInput(BUSY, count=math.ceil(wait))
            time.sleep(max(0, wait))
            return self._answer(url, deadline)
        finally:
            self.next = max(self.next, time.monotonic() + PAUSE)
            self.lock.release()

    def _answer(self, url: str, deadline: float) -> object:
        status, wait, body = _request(url, deadline)
        if status == 404:
            return None
        if status == 429:
            self.next = time.monotonic() + wait
            raise BadInput(BUSY, count=wait)
        if status != 200:  # a redirect too: it may lead anywhere
            raise BadInput(FAILED, status=status)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise BadInput(ODD) from None


_TURNS = _Turns()


def _request(url: str, deadline: float) -> tuple[int, int, bytes]:
    """Status, seconds to wait as Retry-After says, and body."""
    import requests  # noqa: PLC0415  a third of a second that only those pay who ask Wikimedia
    import urllib3  # noqa: PLC0415

    left = max(0.001, deadline - time.monotonic())
    try:
        with requests.get(url, headers=_headers(), timeout=left, stream=True, allow_redirects=False) as response:
            return response.status_code, _wait(response.headers.get("Retry-After")), _body(response, deadline)
    except (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError):
        raise TimeoutError from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        raise BadInput(UNREACHABLE) from None


def _headers() -> dict[str, str]:
    contact = " ".join(os.environ.get(CONTACT, "").split())
    name = f"Viewcast/{__version__} ({contact or 'forecasts daily views'})"
    return {"User-Agent": name, "Accept": "application/json", "Accept-Encoding": "gzip"}


def _body(response, deadline: float) -> bytes:
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(body) > LARGEST:
            raise BadInput(ODD)
    if response.headers.get("Content-Encoding") == "gzip":
        return _unpacked(bytes(body))
    return bytes(body)


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, LARGEST)
    except zlib.error:
        raise BadInput(ODD) from None


def _wait(retry_after: str | None) -> int:
    """Seconds; Retry-After may be a date instead, which is not worth reading."""
    seconds = int(retry_after) if retry_after and retry_after.isdecimal() else USUAL_WAIT
    return max(1, min(seconds, LONGEST_WAIT))
