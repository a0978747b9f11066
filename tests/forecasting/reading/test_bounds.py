"""Files that are no tables, and files too large: one sentence each, soon and in little memory."""

import gzip
import io
import pickle
import random
import struct
import zipfile
import zlib

import pytest

from forecasting.messages import BadInput
from forecasting.reading import Question, list_channels, read_views


def refusal(data, name="x.csv"):
    """The sentence a file is refused with; tests/benchmark/reading.py measures its time and memory."""
    with pytest.raises(BadInput) as refused:
        read_views(data, name)
    sentence = str(refused.value)
    assert sentence.endswith(".") and "{" not in sentence and sentence.count(". ") == 0
    return sentence


def bomb(size, name="Totals.csv"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=False) as file:
        for _ in range(size // 10**6):
            file.write(b"0" * 10**6)
    return out.getvalue()


def test_empty():
    for data in (b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n\t", "\ufeff".encode("utf-16-le"), gzip.compress(b"")):
        assert "empty" in refusal(data)


@pytest.mark.parametrize(
    "data, word",
    [
        (b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(10**6), "picture"),
        (b"\xff\xd8\xff\xe0" + random.Random(2).randbytes(10**6), "picture"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
        (b"%PDF-1.7\n", "picture or a PDF"),
        (b"<!DOCTYPE html><html><body>Error 404, not found</body></html>", "web page"),
        (b"\xef\xbb\xbf\n <HTML><table><tr><td>2021-01-01</td></tr></table>", "web page"),
        (random.Random(3).randbytes(10**6), "not text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office document"),
        (b'{"date": "2021-01-01", "views": 5}', "no column of dates"),
        (b"just some words\nand some more\n", "no table"),
        (b"Date,Views\n", "no column of dates"),
        (b"a,b\n1,2\n3,4\n", "no column of dates"),
        (b"Date,Name\n2021-01-01,x\n2021-01-02,y\n", "no column of numbers"),
        (b"Date,Views\n2021-01-01,\n2021-01-02,\n", "no column of numbers"),
    ],
)
def test_files_that_are_no_tables(data, word):
    for name in ("x.csv", "x.xlsx"):
        assert word in refusal(data, name)


def test_truncated_zip_and_gzip(files):
    packed = files.zip(Totals=b"")
    packed = files.zipped({"Totals.csv": files.plain(400)})
    for end in (10, 100, len(packed) // 2, len(packed) - 5):
        assert "damaged" in refusal(packed[:end])
    squeezed = gzip.compress(files.plain(400))
    for end in (5, 20, len(squeezed) // 2, len(squeezed) - 3):
        assert "damaged" in refusal(squeezed[:end])
    broken = bytearray(packed)
    broken[200] ^= 255
    assert "damaged" in refusal(bytes(broken))


def test_truncated_workbook(files):
    book = files.workbook([["Date", "Views"], *map(list, zip(files.days(60), files.counts(60), strict=True))])
    for end in (len(book) // 3, len(book) // 2, len(book) - 10):
        refusal(book[:end], "x.xlsx")


def test_large_uploads():
    assert "larger than 50 MB" in refusal(b"1," * 100_000_000)
    assert "larger than 50 MB" in refusal(b"2021-01-01,1\n" * 16_000_000)


def test_one_endless_line():
    assert "a line without an end" in refusal(b"1," * 24_000_000)
    assert "unpacks to more" in refusal(gzip.compress(b"1," * 100_000_000, 1))
    refusal(b"Date,Views\n" + b"2021-01-01,1," * 3_000_000)
    refusal(b'Date,Views\n2021-01-01,"' + b"1,\n" * 15_000_000)


def test_many_rows_columns_and_empty_lines():
    assert "5 million rows" in refusal(b"a,1\n" * 6_000_000)
    assert "5 million rows" in refusal(b"\n" * 20_000_000 + b"a")
    assert "columns" in refusal(b"Date" + b",1" * 2000 + b"\n2021-01-01" + b",1" * 2000 + b"\n")
    assert "same number" in refusal(b"Date,Views\n2021-01-01,1\n" + b"\n" * 4_900_000 + b"2021-01-02,1\n")
    assert "pieces" in refusal(b"Date,Views\n" + b"2021-01-01,1\n2021-01-01,1\n2021-01-01,1\n\n" * 1_000_000)


def test_zip_bombs():
    assert "unpacks to more" in refusal(bomb(1_000_000_000))
    assert "unpacks to more" in refusal(bomb(50_000_000))
    assert "unpacks to more" in refusal(gzip.compress(bytes(500_000_000), 1))
    lying = bytearray(bomb(100_000_000))
    at = lying.rindex(b"PK\1\2")
    lying[at + 24 : at + 28] = struct.pack("<I", 1000)
    assert refusal(bytes(lying))


def test_many_files_in_a_zip(files):
    assert "more than 100 files" in refusal(files.zipped({f"{i}.csv": b"a" for i in range(500)}))


def test_nested_zip(files):
    inner = files.zipped({"Totals.csv": files.plain()})
    assert "another archive" in refusal(files.zipped({"inner.zip": inner}))
    assert refusal(files.zipped({"inner.csv": inner}))
    assert refusal(gzip.compress(inner))


def test_zip_without_tables(files):
    assert "no CSV" in refusal(files.zipped({"readme.md": b"hello"}))
    assert "no CSV" in refusal(files.zipped({"__MACOSX/._Totals.csv": b"junk"}))
    assert "damaged" in refusal(b"PK\5\6")


def test_zip_with_a_password(files):
    packed = bytearray(files.zipped({"Totals.csv": files.plain()}))
    packed[6] |= 1
    packed[packed.rindex(b"PK\1\2") + 8] |= 1
    assert "password" in refusal(bytes(packed))


def test_paths_in_a_zip_lead_nowhere(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packed = files.zipped({"../../Totals.csv": files.plain(), "/etc/x.csv": b"a", "C:\\x\\y.csv": b"b"})
    assert read_views(packed, "../../x.zip").views.tolist() == files.counts(40)
    assert not list(tmp_path.iterdir())


def test_a_workbook_is_known_by_its_bytes(files):
    book = files.workbook([["Date", "Views"], *map(list, zip(files.days(40), files.counts(40), strict=True))])
    assert read_views(book, "x.csv").views.tolist() == files.counts(40)


@pytest.mark.parametrize("corner", ["XFD1048576", "A1048576", "ZZ99999"])
def test_far_corners_of_a_workbook(files, corner):
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(files.workbook([["Date", "Views"], [files.days(1)[0], 1]])))
    book.active[corner] = 1
    out = io.BytesIO()
    book.save(out)
    refusal(out.getvalue(), "x.xlsx")


def test_a_workbook_bomb(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<row>" + b"<c><v>1</v></c>" * 20_000_000)
    assert "unpacks to more" in refusal(out.getvalue(), "x.xlsx")


def test_a_table_that_cannot_be_told_apart():
    assert refusal(b'Date,Views\n2021-01-01,"5\n2021-01-02,6\n')
    assert "another number of columns" in refusal(b"Date,Views\n" + b"2021-01-01,5\n2021-01-02,5,6\n" * 30)


def test_questions_travel_to_another_process(files):
    with pytest.raises(Question) as asked:
        list_channels(files.plain(header=("Date", "users")), "x.csv")
    again = pickle.loads(pickle.dumps(asked.value))
    assert (str(again), again.asks, again.options, again.message) == (
        str(asked.value), asked.value.asks, asked.value.options, asked.value.message,
    )  # fmt: skip


def test_a_compressed_picture():
    assert "picture" in refusal(gzip.compress(b"\x89PNG" + zlib.compress(b"x")))
