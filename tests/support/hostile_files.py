"""Files that a stranger may bring to do harm, made on the spot: each is small, and asks for much time or memory."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

DAYS = [(date(2021, 1, 1) + timedelta(day)).isoformat() for day in range(60)]
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PARTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MANIFEST = "application/vnd.oasis.opendocument.spreadsheet"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def table(header: str = "Date,Views", more: str = "", start: int = 0) -> bytes:
    """A plain table of 60 days; `more` follows each number."""
    rows = [f"{day},{100 + 10 * (place % 7) + place}{more}" for place, day in enumerate(DAYS, start)]
    return "\n".join([header, *rows, ""]).encode()


def with_cell(cell: str, column: int = 1) -> bytes:
    """The table with one cell in the place of a day or of a number."""
    row = [DAYS[-1], "5"]
    row[column] = f'"{cell}"'
    return table() + ",".join(row).encode() + b"\n"


def zipped(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def xlsx(*sheets: str, path: str = "worksheets/sheet{}.xml", shared: str = "", names: int | None = None) -> bytes:
    """A workbook of sheets as XML; with `names`, as many sheets that all stand in the first part."""
    count = names or len(sheets)
    places = [path.format(1 if names else number) for number in range(1, count + 1)]
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{PARTS}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{PARTS}"><sheets>'
        + "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, count + 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{PARTS}/worksheet" Target="{place}"/>' for n, place in enumerate(places, 1)
        )
        + f'<Relationship Id="s" Type="{PARTS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    }
    files |= {f"xl/{path.format(n)}": xml for n, xml in enumerate(sheets, 1)}
    if shared:
        files["xl/sharedStrings.xml"] = shared
    return zipped({name: text.encode() for name, text in files.items()})


def sheet(rows: str, before: str = "") -> str:
    """A sheet of an .xlsx."""
    return f'{before}<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>'


def rows_of_days(more: Callable[[int], str] = lambda row: "") -> str:
    """Rows of a sheet with days and numbers, and `more` cells in each."""
    return "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{day}</t></is></c>'
        f'<c r="B{row}"><v>{100 + 10 * (row % 7)}</v></c>{more(row)}</row>'
        for row, day in enumerate(DAYS, 2)
    )


def shared_texts(letters: int, cells: int) -> bytes:
    """A text of so many letters that so many cells share."""
    text = f'<sst xmlns="{SHEET}"><si><t>{"long " * (letters // 5)}</t></si></sst>'
    rows = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{column}{row}" t="s"><v>0</v></c>' for column in "CDEFGHIJKL") + "</row>"
        for row in range(100, 100 + cells // 10)
    )
    return xlsx(sheet(rows_of_days() + rows), shared=text)


def ods(rows: str, before: str = "") -> bytes:
    """An OpenDocument sheet of these rows."""
    spaces = " ".join(f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f"{before}<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="x">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MANIFEST, zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0"><manifest:file-entry manifest:full-path="/"'
            f' manifest:media-type="{MANIFEST}"/></manifest:manifest>',
        )
        archive.writestr("content.xml", content)
    return out.getvalue()


def laughs(depth: int = 9, within: str = "lol") -> str:
    """Entities that each stand for ten of the one before."""
    entities = [f'<!ENTITY e0 "{within}">']
    entities += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, depth + 1)]
    return f'<?xml version="1.0"?><!DOCTYPE x [{"".join(entities)}]>'


def ods_cell(text: str, attributes: str = "") -> str:
    """A cell of an OpenDocument sheet."""
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


def noise(letters: str, count: int, seed: int = 1) -> str:
    """Letters at random."""
    return "".join(random.Random(seed).choices(letters, k=count))


def wide(row: int) -> str:
    """Twenty-four more cells of a row."""
    return "".join(f'<c r="{column}{row}"><v>5</v></c>' for column in "CDEFGHIJKLMNOPQRSTUVWXYZ")


def many_cells(rows: int) -> str:
    """Rows of two cells that do not say where they stand."""
    return "".join(f"<row><c><v>{row}</v></c><c><v>5</v></c></row>" for row in range(rows))


def files_of(data: bytes) -> dict[str, bytes]:
    """What an archive holds."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


MARKS = "a" + "\u0315\u0300" * 60_000  # letters above and below in turns, which normal forms put in order
COLUMNS = 400_000
FAR = '<row r="1048576"><c r="XFD1048576"><v>5</v></c></row>'
LETTERS = bytes(one if one > 127 else 44 if one % 9 == 0 else 10 if one % 31 == 0 else one | 128 for one in range(256))
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MILLION = "table:number-rows-repeated='1000000'"
REPEATED = "table:number-columns-repeated='1000'"

# What each is called -> the name it comes under, and how it is made.
FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "digits in a number": ("x.csv", lambda: with_cell("1" * 130_000)),
    "digits in a day": ("x.csv", lambda: with_cell("1" * 130_000, 0)),
    "spaces in a day": ("x.csv", lambda: with_cell("jan 1" + " " * 130_000 + "2021", 0)),
    "commas in a number": ("x.csv", lambda: with_cell("1," * 65_000)),
    "brackets in a number": ("x.csv", lambda: with_cell("(" * 130_000)),
    "marks above letters": ("x.csv", lambda: with_cell(MARKS)),
    "marks above a day": ("x.csv", lambda: with_cell(MARKS, 0)),
    "marks in a header": ("x.csv", lambda: table(f"Date,Views,{MARKS}", ",x")),
    "invisible letters": ("x.csv", lambda: with_cell("\u00ad" * 300_000)),
    "one letter that becomes eighteen": ("x.csv", lambda: with_cell("\ufdfa" * 300_000)),
    "header of 800 kB": ("x.csv", lambda: table("Date,Views " + "(" * 800_000)),
    "header of spaces": ("x.csv", lambda: table("Date,Views," + " " * 800_000 + "x", ",x")),
    "header of many cells": ("x.csv", lambda: table("Date,Views" + "," * COLUMNS)),
    "many columns": ("x.csv", lambda: (table("Date,Views").decode().replace("\n", ",1" * COLUMNS + "\n")).encode()),
    "many columns of days": (
        "x.csv",
        lambda: b"\n".join([b"Date" + b",Views" * 80_000, *[b"2021-01-01," * 80_000] * 40]),
    ),
    "caption of 900 kB": ("x.csv", lambda: b"x " * 450_000 + b"\n" + table()),
    "small blocks": ("x.csv", lambda: b"a,1\nb,2\n\n" * 60_000 + table()),
    "small blocks in quotes": ("x.csv", lambda: b'"a",1\n"b",2\n\n' * 40_000 + table()),
    "blocks of the same day": ("x.csv", lambda: b"Date,Views\n2021-01-01,1\n2021-01-02,2\n\n" * 9_000),
    "many sections": ("x.csv", lambda: b"".join(b"part %d\n\n%s\n" % (n, table()) for n in range(3_000))),
    "comments and days": ("x.csv", lambda: b"#a b\n2021-01-01,1\n" * 300_000),
    "blocks without a day": ("x.csv", lambda: (b"a,b,c,d\n" * 299 + b"\n") * 9_000),
    "quotes": ("x.csv", lambda: b'"' * 1_000_000),
    "quotes and commas": ("x.csv", lambda: b'"",' * 330_000 + b"\n" + table()),
    "quotes without an end": ("x.csv", lambda: table() + b'2021-05-01,"' + b"5\n" * 2_000_000),
    "quoted rows": ("x.csv", lambda: b'Date,Views\n"2021-01-01","1"\n\n"' * 200_000),
    "separators at random": ("x.csv", lambda: noise(",;\t|\"' \n", 2_000_000).encode()),
    "separators and days": ("x.csv", lambda: noise(',;\t|"\n0123456789-/. ', 1_000_000).encode()),
    "dashes and digits": ("x.csv", lambda: noise("0123456789-/.:T \n,", 2_000_000).encode()),
    "different days": (
        "x.csv",
        lambda: b"Date,Views\n" + b"".join(b"jan 1                 %d x,1\n" % n for n in range(190_000)),
    ),
    "different words": ("x.csv", lambda: table() + b"".join(b"2021-03-02,%d(((((((\n" % n for n in range(400_000))),
    "letters of old encodings": ("x.csv", lambda: random.Random(1).randbytes(3_000_000).translate(LETTERS)),
    "letters of no encoding": ("x.csv", lambda: bytes(range(128, 256)) * 20_000 + b"\n" + table()),
    "zeros": ("x.csv", lambda: bytes(40_000_000)),
    "every other byte zero": ("x.csv", lambda: b"1\0,\0" * 10_000_000),
    "line ends": ("x.csv", lambda: b"\r" * 40_000_000),
    "white space": ("x.csv", lambda: b" " * 49_000_000),
    "years out of range": ("x.csv", lambda: table() + b"999999-99-99,5\n9999-12-31,5\n0000-00-00,5\n2021-02-31,5\n"),
    "seconds out of range": ("x.csv", lambda: b"time,Views\n" + b"1999999999999.9e9,5\n9e99,5\n" * 40),
    "numbers out of range": ("x.csv", lambda: table() + b"2021-04-01,1e999\n2021-04-02,-1e308\n2021-04-03,1e400M\n"),
    "durations out of range": (
        "x.csv",
        lambda: b"Date,Views\n" + b"".join(f"{day},{'9' * 50}:59:59\n".encode() for day in DAYS),
    ),
    "gzip of zeros": ("x.csv.gz", lambda: gzip.compress(bytes(190_000_000), 9)),
    "gzip of digits": ("x.csv.gz", lambda: gzip.compress(b"Date,Views\n2021-01-01," + b"1" * 9_000_000, 9)),
    "gzip in gzip": ("x.csv.gz", lambda: gzip.compress(gzip.compress(bytes(9_000_000)))),
    "gzip in many pieces": ("x.csv.gz", lambda: gzip.compress(b"") * 400_000),
    "zip of zeros": ("x.zip", lambda: zipped({f"{n}.csv": bytes(9_900_000) for n in range(20)})),
    "zip of many tables": ("x.zip", lambda: zipped({f"{n}.csv": table() * 40 for n in range(99)})),
    "zip packed by bzip2": ("x.zip", lambda: zipped({"x.csv": b"1," * 4_900_000}, zipfile.ZIP_BZIP2)),
    "zip packed by lzma": ("x.zip", lambda: zipped({"x.csv": b"1," * 4_900_000}, zipfile.ZIP_LZMA)),
    "bzip2": ("x.csv", lambda: bz2.compress(bytes(9_000_000))),
    "lzma": ("x.csv", lambda: lzma.compress(bytes(9_000_000))),
    "workbook with a far cell elsewhere": (
        "x.xlsx",
        lambda: xlsx(sheet(rows_of_days() + FAR), path="far{}.bin"),
    ),
    "workbook that hides a far cell": (
        "x.xlsx",
        lambda: xlsx(sheet(rows_of_days() + "<row r='1048576'><c\nr\n=\n'XFD1048576'><v>5</v></c></row>")),
    ),
    "workbook whose far cell is an entity": (
        "x.xlsx",
        lambda: xlsx(sheet(rows_of_days() + '<row r="1048576"><c r="XFD104857&#54;"><v>5</v></c></row>')),
    ),
    "workbook in UTF-16": (
        "x.xlsx",
        lambda: zipped(
            files_of(xlsx(sheet("")))
            | {"xl/worksheets/sheet1.xml": ('<?xml version="1.0" encoding="UTF-16"?>' + sheet(FAR)).encode("utf-16")}
        ),
    ),
    "workbook of long shared texts": ("x.xlsx", lambda: shared_texts(30_000, 80_000)),
    "workbook of one text in all cells": ("x.xlsx", lambda: shared_texts(9_000_000, 1_000)),
    "workbook of many sheets": ("x.xlsx", lambda: xlsx(sheet(rows_of_days(wide)), names=100_000)),
    "workbook of fifty large sheets": ("x.xlsx", lambda: xlsx(sheet(many_cells(90_000)), names=50)),
    "workbook of entities": ("x.xlsx", lambda: xlsx(sheet(rows_of_days() + "<row><c><v>&e9;</v></c></row>", laughs()))),
    "workbook of deep tags": ("x.xlsx", lambda: xlsx(sheet("<row>" * 1_000_000))),
    "workbook of attributes": (
        "x.xlsx",
        lambda: xlsx(sheet("<row " + " ".join(f'a{n}="1"' for n in range(400_000)) + "/>" + rows_of_days())),
    ),
    "workbook of unclosed cells": ("x.xlsx", lambda: xlsx(sheet("<c r=" * 1_500_000))),
    "workbook of numbers out of range": (
        "x.xlsx",
        lambda: xlsx(sheet(rows_of_days(lambda row: f'<c r="C{row}" t="d"><v>9999{row}-99-99</v></c>') + "<row/>")),
    ),
    "sheet of repeated cells": (
        "x.ods",
        lambda: ods(f"<table:table-row {MILLION}>{ods_cell('2021-01-01')}</table:table-row>" * 5),
    ),
    "sheet of repeated long texts": (
        "x.ods",
        lambda: ods(
            f"<table:table-row>{ods_cell('2021-01-01')}{ods_cell('5')}</table:table-row>"
            f'<table:table-row table:number-rows-repeated="900">'
            f"{ods_cell('long ' * 20_000, REPEATED)}</table:table-row>"
        ),
    ),
    "sheet of entities": ("x.ods", lambda: ods(f"<table:table-row>{ods_cell('&e9;')}</table:table-row>", laughs())),
    "sheet of entities with cells": (
        "x.ods",
        lambda: ods("<table:table-row>&e6;</table:table-row>", laughs(6, "<table:table-cell/>")),
    ),
    "sheet of deep tags": ("x.ods", lambda: ods("<text:p>" * 400_000)),
    "old workbook of noise": (
        "x.xls",
        lambda: OLD + "Workbook".encode("utf-16-le") + random.Random(1).randbytes(5_000_000),
    ),
    "article of brackets": ("wikipedia:en:X", lambda: b'{"items":' + b"[" * 5_000_000),
    "article of many days": (
        "wikipedia:en:X",
        lambda: b'{"items":[' + b",".join([b'{"timestamp":"2021010100","views":5}'] * 900_000) + b"]}",
    ),
    "article of long numbers": (
        "wikipedia:en:X",
        lambda: b'{"items":[{"timestamp":"2021010100","views":' + b"9" * 4_000_000 + b"}]}",
    ),
}
