"""Files of a channel that were broken on their way, each in another way."""

from collections.abc import Callable


def _lines(change: Callable[[list[str]], list[str]]) -> Callable[[bytes], bytes]:
    return lambda data: "\n".join([*change(data.decode().splitlines()), ""]).encode()


BROKEN: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("empty", lambda data: b""),
    ("header_alone", _lines(lambda lines: lines[:1])),
    ("five_days", _lines(lambda lines: lines[:6])),
    ("no_dates", _lines(lambda lines: [line.partition(",")[2] for line in lines])),
    ("no_numbers", _lines(lambda lines: [lines[0], *(f"{line.partition(',')[0]},n/a" for line in lines[1:])])),
    ("a_picture", lambda data: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
    ("a_web_page", lambda data: b"<!doctype html><html><body>Sign in to download</body></html>"),
    ("cut_zip", lambda data: b"PK\x03\x04" + data[:500]),
    ("all_zero", _lines(lambda lines: [lines[0], *(f"{line.partition(',')[0]},0" for line in lines[1:])])),
    ("two_columns", _lines(lambda lines: ["date,shares,likes", *(f"{line},{line[-1:]}" for line in lines[1:])])),
)
