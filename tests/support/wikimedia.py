"""A server on loopback that answers as the documentation of Wikimedia's APIs says; tests have no way out.

The first part of a path is the host that is stood in for: /wikimedia.org/api/rest_v1/..., /en.wikipedia.org/w/...
"""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

PER_ARTICLE = "/wikimedia.org/api/rest_v1/metrics/pageviews/per-article/"
NOT_FOUND = {"type": "about:blank", "title": "Not Found", "status": 404, "method": "get"}
PROBLEM = "application/problem+json"


class Wikimedia:
    """`articles`: (project, title with underscores) -> views a day. `answer`: a handler that takes over, or None."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.articles: dict[tuple[str, str], dict[date, int]] = {}
        self.answer: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []

    def add(self, project: str, title: str, counts: list[int], last: date | None = None) -> None:
        """An article whose last day, by default yesterday, has the last of these counts; 0 is a day left out."""
        last = last or datetime.now(UTC).date() - timedelta(days=1)
        days = [last - timedelta(days=back) for back in reversed(range(len(counts)))]
        self.articles[project, title] = {day: count for day, count in zip(days, counts, strict=True) if count}

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request as Wikimedia would."""
        parts = urlsplit(request.path)
        if parts.path.startswith(PER_ARTICLE):
            self._views(request, parts.path.removeprefix(PER_ARTICLE).split("/"))
        elif parts.path.endswith(".wikipedia.org/w/rest.php/v1/search/title"):
            self._titles(request, parts.path.split("/")[1], parse_qs(parts.query)["q"][0])
        else:
            send(request, 404, NOT_FOUND, PROBLEM)

    def _views(self, request: BaseHTTPRequestHandler, parts: list[str]) -> None:
        project, access, agent, title, granularity, first, last = parts
        counts = self.articles.get((project, unquote(title)), {})
        shared = {"project": project, "article": unquote(title), "granularity": granularity}
        items = [
            shared | {"timestamp": f"{day:%Y%m%d}00", "access": access, "agent": agent, "views": views}
            for day, views in counts.items()
            if first <= f"{day:%Y%m%d}00" <= last
        ]
        send(request, *((200, {"items": items}) if items else (404, NOT_FOUND, PROBLEM)))

    def _titles(self, request: BaseHTTPRequestHandler, host: str, asked: str) -> None:
        titles = [title.replace("_", " ") for project, title in self.articles if host == f"{project}.org"]
        found = [title for title in titles if title.casefold().startswith(asked.casefold())]
        pages = [{"id": 1, "key": title.replace(" ", "_"), "title": title, "description": None} for title in found]
        send(request, 200, {"pages": pages})


def send(
    request: BaseHTTPRequestHandler, status: int, content: object, kind: str = "application/json", **headers: str
) -> None:
    """JSON, or bytes as they are, packed where the client takes that."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    if request.headers.get("Accept-Encoding") == "gzip" and not isinstance(content, bytes):
        body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
    request.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def serve() -> Iterator[Wikimedia]:
    """The server, as long as it is needed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand_in.paths.append(self.path)
            stand_in.headers.append(dict(self.headers))
            (stand_in.answer or stand_in.reply)(self)

        def log_message(self, *_what: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in = Wikimedia(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", "127.0.0.1")  # a machine's proxy does not know this server
            yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
