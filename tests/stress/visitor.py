"""A browser tab without a browser: it speaks to a Streamlit server as its pages do, protobuf over a websocket."""

import asyncio
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

COOKIE = "_streamlit_xsrf"
LARGEST_MESSAGE = 64 * 2**20  # bytes
KEPT_RUNS = 2  # that a browser remembers messages for
WAIT = 60.0  # seconds for a rerun, after which it counts as an error


@dataclass
class Rerun:
    """One wait of a visitor."""

    page: str
    kind: str  # open, change, upload, or live: what a fragment does by itself
    seconds: float
    begun: float  # monotonic


@dataclass
class Record:
    """What happened to all visitors of one app."""

    reruns: list[Rerun] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)  # errors that a page says in words
    missed: Counter[str] = field(default_factory=Counter)  # controls that were not there, or could not be used
    bytes: int = 0


class Lost(Exception):
    """The server is not there, or does not answer."""


class Visitor:
    """One tab. `open` it first; every method comes back when the page has been drawn."""

    def __init__(self, url: str, name: str, record: Record) -> None:
        self.url, self.name, self.record = url, name, record
        self.page, self.query, self.hash = "", "", ""
        self.pages: dict[str, str] = {}  # address -> hash
        self.widgets: dict[str, Any] = {}  # id -> the element's protobuf
        self.fragments: dict[str, str] = {}  # widget id -> the fragment that it stands in
        self._states: dict[str, WidgetState] = {}
        self._known: dict[str, tuple[ForwardMsg, int]] = {}  # what need not be sent again, with its age in runs
        self._session = ""
        self._cookie = ""
        self._drawn: asyncio.Future[None] | None = None
        self._awaited = ""  # the fragment waited for, or nothing for the whole script
        self._urls: asyncio.Future[FileURLs] | None = None
        self._timers: dict[str, asyncio.Task] = {}
        self._asked: dict[str, float] = {}  # when a fragment was first asked for that has not come yet
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task | None = None

    # What a visitor does

    async def open(self) -> None:
        """Load the app's first page."""
        self._cookie = await asyncio.to_thread(self._get_cookie)
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        try:
            self._socket = await connect(
                address,
                subprotocols=["streamlit", self._token],  # type: ignore[list-item]
                additional_headers={"Cookie": f"{COOKIE}={self._cookie}"},
                origin=self.url,  # type: ignore[arg-type]
                max_size=LARGEST_MESSAGE,
                open_timeout=WAIT,
                compression=None,
            )
        except (OSError, WebSocketException) as error:
            raise Lost(f"no websocket: {error}") from error
        self._listener = asyncio.create_task(self._listen())
        await self._rerun("open")

    async def go(self, address: str, query: str = "") -> None:
        """Follow a link of the navigation, or one of somebody with a query."""
        if address not in self.pages:
            raise Lost(f"no page {address!r}")
        self.hash, self.page, self.query = self.pages[address], address, query
        self._states.clear()
        await self._rerun("open")

    async def set(self, key: str, **value: Any) -> None:
        """Give the widget of this key a value, named by its field of WidgetState."""
        widget = self._usable(key)
        if widget is None:
            return
        state = WidgetState(id=widget.id)
        for name, given in value.items():
            part = getattr(state, name)
            part.data.extend(given) if isinstance(given, list) else setattr(state, name, given)
        self._states[widget.id] = state
        await self._rerun("change", self.fragments.get(widget.id, ""))
        if "trigger_value" in value:
            self._states.pop(widget.id, None)

    async def press(self, key: str) -> None:
        """Press the button of this key or label."""
        await self.set(key, trigger_value=True)

    async def upload(self, key: str, file: str, data: bytes) -> None:
        """Bring a file to the uploader whose key begins so."""
        widget = self._usable(key)
        if widget is None:
            return
        places = await self._places(file)
        await asyncio.to_thread(self._put, places.upload_url, file, data)
        state = WidgetState(id=widget.id)
        uploaded = state.file_uploader_state_value.uploaded_file_info.add()
        uploaded.file_id, uploaded.name, uploaded.size = places.file_id, file, len(data)
        uploaded.file_urls.CopyFrom(places)
        self._states[widget.id] = state
        await self._rerun("upload")
        self._states.pop(widget.id, None)

    def find(self, key: str) -> Any:
        """The widget whose key begins so, or which is labelled so; the newest one."""
        for widget_id, widget in reversed(self.widgets.items()):
            if widget_id.split("-", 2)[-1].startswith(key) or getattr(widget, "label", None) == key:
                return widget
        return None

    def _usable(self, key: str) -> Any:
        widget = self.find(key)
        if widget is None or getattr(widget, "disabled", False):
            self.record.missed[f"{self.page}: {key}"] += 1
            return None
        return widget

    async def close(self) -> None:
        """Leave."""
        self._stop_timers()
        if self._listener:
            self._listener.cancel()
        if self._socket:
            await self._socket.close()

    # Messages to the server

    @property
    def _token(self) -> str:
        return self._cookie or "PLACEHOLDER_AUTH_TOKEN"

    async def _rerun(self, kind: str, fragment: str = "") -> None:
        begun, page = time.monotonic(), self.page
        self._drawn, self._awaited = asyncio.get_running_loop().create_future(), fragment
        await self._ask(fragment)
        try:
            async with asyncio.timeout(WAIT):
                await self._drawn
        except TimeoutError as error:
            raise Lost(f"{page or 'first page'} was not drawn within {WAIT:.0f} s") from error
        self.record.reruns.append(Rerun(page or "data", kind, time.monotonic() - begun, begun))

    async def _ask(self, fragment: str = "", *, by_itself: bool = False) -> None:
        asked = ClientState(query_string=self.query, page_script_hash=self.hash, fragment_id=fragment)
        asked.widget_states.widgets.extend(self._states.values())
        asked.cached_message_hashes.extend(self._known)
        asked.is_auto_rerun = by_itself
        asked.context_info.CopyFrom(self._context())
        await self._send(BackMsg(rerun_script=asked))

    def _context(self) -> Any:
        state = ClientState()
        state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
        state.context_info.url, state.context_info.color_scheme = f"{self.url}/{self.page}", "light"
        return state.context_info

    async def _send(self, message: BackMsg) -> None:
        assert self._socket
        try:
            await self._socket.send(message.SerializeToString())
        except WebSocketException as error:
            raise Lost(f"websocket: {error}") from error

    async def _places(self, file: str) -> FileURLs:
        self._urls = asyncio.get_running_loop().create_future()
        message = BackMsg()
        message.file_urls_request.request_id, message.file_urls_request.session_id = "1", self._session
        message.file_urls_request.file_names.append(file)
        await self._send(message)
        try:
            async with asyncio.timeout(WAIT):
                return await self._urls
        except TimeoutError as error:
            raise Lost("nowhere to put a file") from error

    # HTTP

    def _get_cookie(self) -> str:
        """The token that tells browsers apart."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=WAIT) as answer:
                set_cookie = answer.headers.get("Set-Cookie", "")
        except URLError as error:
            raise Lost(f"HTTP: {error}") from error
        return set_cookie.split(";")[0].partition("=")[2]

    def _put(self, place: str, file: str, data: bytes) -> None:
        boundary = "a-boundary-that-no-file-has"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{file}"; filename="{file}"\r\n'
        body = f"{head}Content-Type: text/csv\r\n\r\n".encode() + data + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-Xsrftoken": self._cookie}
        headers |= {"Cookie": f"{COOKIE}={self._cookie}", "Origin": self.url}
        request = urllib.request.Request(self.url + place, body, headers, method="PUT")
        try:
            urllib.request.urlopen(request, timeout=WAIT).close()
        except URLError as error:
            raise Lost(f"HTTP: upload: {error}") from error

    # Messages from the server

    async def _listen(self) -> None:
        assert self._socket
        try:
            async for data in self._socket:
                self.record.bytes += len(data)
                self._take(self._resolved(ForwardMsg.FromString(data)))  # type: ignore[arg-type]
        except WebSocketException as error:
            self.record.errors.append(f"websocket lost: {error}")
        if self._drawn and not self._drawn.done():
            self._drawn.set_exception(Lost("the websocket was closed"))

    def _resolved(self, message: ForwardMsg) -> ForwardMsg:
        """The message itself, where the server only names one that was sent before."""
        if message.WhichOneof("type") == "ref_hash":
            message, _age = self._known.get(message.ref_hash, (message, 0))
        if message.metadata.cacheable:
            self._known[message.hash] = message, 0
        return message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        take: dict[str, Callable[[ForwardMsg], None]] = {
            "new_session": self._begin,
            "navigation": self._navigate,
            "delta": self._draw,
            "page_info_changed": self._change_query,
            "auto_rerun": self._rerun_every,
            "script_finished": self._finish,
            "file_urls_response": self._take_places,
        }
        if kind in take:
            take[kind](message)

    def _begin(self, message: ForwardMsg) -> None:
        self._session = message.new_session.initialize.session_id or self._session
        if not message.metadata.run.fragment_ids:
            self.hash = message.new_session.page_script_hash
            self._stop_timers()
            self.widgets.clear()
            self.fragments.clear()
            self._known = {key: (kept, age + 1) for key, (kept, age) in self._known.items() if age < KEPT_RUNS}

    def _navigate(self, message: ForwardMsg) -> None:
        self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        self.hash = message.navigation.page_script_hash or self.hash

    def _draw(self, message: ForwardMsg) -> None:
        for element in _elements(message):
            kind = element.WhichOneof("type")
            if kind == "exception":
                self.record.errors.append(f"{self.page}: {element.exception.type}: {element.exception.message}"[:300])
            elif kind == "alert" and element.alert.format == element.alert.ERROR:
                self.record.messages.append(f"{self.page}: {element.alert.body}"[:200])
            part = getattr(element, kind) if kind else None
            if getattr(part, "id", ""):
                self.widgets.pop(part.id, None)
                self.widgets[part.id] = part
                if message.delta.fragment_id:
                    self.fragments[part.id] = message.delta.fragment_id

    def _change_query(self, message: ForwardMsg) -> None:
        self.query = message.page_info_changed.query_string

    def _rerun_every(self, message: ForwardMsg) -> None:
        asked = message.auto_rerun
        if timer := self._timers.pop(asked.fragment_id, None):
            timer.cancel()
        self._timers[asked.fragment_id] = asyncio.create_task(self._repeat(asked.fragment_id, asked.interval))

    async def _repeat(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self._asked.setdefault(fragment, time.monotonic())
            try:
                await self._ask(fragment, by_itself=True)
            except Lost:
                return

    def _stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._asked.clear()

    def _finish(self, message: ForwardMsg) -> None:
        status = message.script_finished
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.record.errors.append(f"{self.page}: the script could not be read")
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        fragments = message.metadata.run.fragment_ids
        for fragment in fragments:
            if asked := self._asked.pop(fragment, None):
                self.record.reruns.append(Rerun(self.page, "live", time.monotonic() - asked, asked))
        if self._drawn and not self._drawn.done() and (not fragments or self._awaited in fragments):
            self._drawn.set_result(None)

    def _take_places(self, message: ForwardMsg) -> None:
        if self._urls and not self._urls.done():
            self._urls.set_result(message.file_urls_response.file_urls[0])


def _elements(message: ForwardMsg) -> Sequence[Element]:
    kind = message.delta.WhichOneof("type")
    if kind == "new_element":
        return [message.delta.new_element]
    return message.delta.new_transient.elements if kind == "new_transient" else []
