"""A server bound to its own machine: behind a proxy, or under a foreign name, visitors are not its one person."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_connection, socket

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server, new_context

END = b"\r\n\r\n"


@contextmanager
def proxy(server: Server, *headers: str) -> Iterator[str]:
    """The address of a proxy that puts these headers in place of those of the same name, on every connection."""

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = b""
            while END not in asked and (part := self.request.recv(65536)):
                asked += part
            with create_connection(("127.0.0.1", server.port)) as behind:
                behind.sendall(_replaced(asked, headers))
                back = threading.Thread(target=_pump, args=(behind, self.request), daemon=True)
                back.start()
                _pump(self.request, behind)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as serving:
        serving.daemon_threads = True
        serving.block_on_close = False
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()


def _replaced(asked: bytes, headers: tuple[str, ...]) -> bytes:
    head, _end, rest = asked.partition(END)
    names = {header.split(":")[0].lower() for header in headers}
    first, *lines = head.decode("latin-1").split("\r\n")
    kept = [line for line in lines if line.split(":")[0].lower() not in names]
    return "\r\n".join([first, *headers, *kept]).encode("latin-1") + END + rest


def _pump(source: socket, target: socket) -> None:
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(1)
    except OSError:  # the other side has left
        pass


def kept_for(browser: Browser, url: str) -> str:
    """For whom the page says that work is kept."""
    context = new_context(browser, url)
    page = context.new_page()
    page.goto("/your_data")
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    said = page.get_by_text("Kept on this").first
    expect(said).to_be_visible()
    text = said.inner_text()
    context.close()
    return text


def test_only_who_asks_for_this_very_machine_is_its_person(browser: Browser, server: Server) -> None:
    assert kept_for(browser, server.url) == "Kept on this computer."
    for header in ("X-Forwarded-For: 203.0.113.7", "Host: evil.example"):
        with proxy(server, header) as url:
            assert kept_for(browser, url).startswith("Kept on this server for this browser alone"), header
