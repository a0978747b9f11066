"""Workbooks old and open: read where they are small, refused in little memory where they are not."""

import io
import random
import struct
import tracemalloc
import zipfile
from datetime import date, timedelta

import pytest

from forecasting.messages import BadInput
from forecasting.reading import Question, read_views

MANIFEST = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def xls(sheets: dict[str, list[list[object]]]) -> bytes:
    import xlwt

    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                sheet.write(i, j, cell, *([day] if isinstance(cell, date) else []))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: str, name: str = "Sheet1") -> bytes:
    content = (
        f"<office:document-content {NAMES}><office:body><office:spreadsheet>"
        f'<table:table table:name="{name}">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MANIFEST}"/></manifest:manifest>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", MANIFEST)
        archive.writestr("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED)
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ods_row(*cells: object, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(map(ods_cell, cells))}</table:table-row>'


def ods_cell(cell: object) -> str:
    if isinstance(cell, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell}"/>'
    if isinstance(cell, int):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'


EMPTY_ROWS = (
    '<table:table-row table:number-rows-repeated="1048500">'
    '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
)


@pytest.mark.parametrize("count", [3, 40, 400])
def test_xls(files, count):
    """A small one keeps its stream among the small ones of the document, a large one in sectors of its own."""
    rows = [["Date", "Views"], *map(list, zip(files.days(count), files.counts(count), strict=True))]
    for name in ("x.xls", "x.csv"):
        assert read_views(xls({"Tabelle1": rows}), name).views.tolist() == files.counts(count)


def test_xls_with_several_sheets(files):
    rows = [["Date", "Views"], *map(list, zip(files.days(40), files.counts(40), strict=True))]
    data = xls({"Notes": [["made", "by"], ["hand", "yes"]], "Numbers": rows})
    assert read_views(data, "x.xls").views.tolist() == files.counts(40)
    with pytest.raises(Question) as asked:
        read_views(xls({"One": rows, "Two": rows}), "x.xls")
    assert [value for value, _ in asked.value.options] == ["One", "Two"]


def test_ods(files):
    rows = ods_row("Date", "Views") + "".join(
        ods_row(d, n) for d, n in zip(files.days(40), files.counts(40), strict=True)
    )
    assert read_views(ods(rows), "x.ods").views.tolist() == files.counts(40)
    assert read_views(ods(rows + EMPTY_ROWS), "x.ods").views.tolist() == files.counts(40)


def refused(data: bytes, word: str, name: str = "x.xls", megabytes: int = 60) -> None:
    """One sentence, and little memory on the way, that of the file included."""
    tracemalloc.start()
    with pytest.raises(BadInput, match=word) as refusal:
        read_views(data, name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < megabytes * 10**6 and str(refusal.value).count(". ") == 0


def test_far_cells_of_an_xls():
    data = bytearray(xls({"x": [["Date", "Views"], ["2021-01-01", 5]]}))
    cell = struct.pack("<HHHH", 0x027E, 10, 1, 1)  # the number in the second row and column
    at = data.index(cell)
    data[at + 4 : at + 8] = struct.pack("<HH", 65535, 255)
    refused(bytes(data), "more than 1000000 cells")
    size = data.index(struct.pack("<HH", 0x0200, 14))
    data[at + 4 : at + 8] = struct.pack("<HH", 1, 1)
    data[size + 8 : size + 12] = struct.pack("<I", 2**31)
    refused(bytes(data), "more than 1000000 cells")


def test_a_sheet_of_an_xls_reaches_as_far_as_its_farthest_row_and_column():
    data = bytearray(xls({"near": [["Date", "Views"], ["2021-01-01", 5]], "far": [["Date", 7], ["2021-01-01", 5]]}))
    for at, to in (((0, 1), (0, 255)), ((1, 1), (65535, 1))):  # each alone is small enough
        place = data.rindex(struct.pack("<HHHH", 0x027E, 10, *at))
        data[place + 4 : place + 8] = struct.pack("<HH", *to)
    refused(bytes(data), "more than 1000000 cells")


def test_damaged_xls(files):
    data = xls({"x": [["Date", "Views"], *map(list, zip(files.days(400), files.counts(400), strict=True))]})
    for end in (600, 3000, len(data) // 2):
        refused(data[:end], ".")
    rng = random.Random(1)
    for _ in range(400):
        broken = bytearray(data)
        at = rng.choice((rng.randrange(600), rng.randrange(len(data))))
        broken[at : at + 4] = rng.choice((b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\1\0\0\0", rng.randbytes(4)))
        try:
            read_views(bytes(broken), "x.xls")
        except BadInput as refusal:
            assert str(refusal).endswith(".")


def test_an_xls_whose_chain_bites_its_tail():
    data = bytearray(xls({"x": [["Date", "Views"], [date(2021, 1, 1), 5]]}))
    table = (struct.unpack_from("<I", data, 76)[0] + 1) * 512
    for sector in range(128):
        struct.pack_into("<I", data, table + 4 * sector, sector)
    with pytest.raises(BadInput):
        read_views(bytes(data), "x.xls")


@pytest.mark.parametrize(
    "rows",
    [
        ods_row("Date", "Views") + ods_row(date(2021, 1, 1), 5, times=1_048_575),
        ods_row("Date", "Views") + EMPTY_ROWS + ods_row(date(2021, 1, 1), 5),
        ods_row("Date", "Views")
        + '<table:table-row><table:table-cell table:number-columns-repeated="16000000"/>'
        + ods_cell(5)
        + "</table:table-row>",
        ods_row("Date", "Views") + ods_row(*range(10)) * 100_000,
        ods_row("Date") + ods_row(1, times=10**9),
    ],
)
def test_far_cells_of_an_ods(rows):
    refused(ods(rows), "more than", "x.ods", megabytes=200)


def test_a_binary_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.bin", b"\\0" * 100)
    refused(out.getvalue(), "xlsb", "x.xlsb")


def xlsx(sheet: str, path: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook whose only sheet is the given XML, wherever it lies."""
    main, packages = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "package/2006"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/{}/relationships">{}</Relationships>'
    relation = '<Relationship Id="r1" Type="' + document + '/{}" Target="/{}"/>'
    types = f'<Types xmlns="http://schemas.openxmlformats.org/{packages}/content-types"/>'
    sheets = '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>'
    parts = {
        "[Content_Types].xml": types,
        "_rels/.rels": relations.format(packages, relation.format("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{document}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": relations.format(packages, relation.format("worksheet", path)),
        path: f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def cell(reference: str, text: object) -> str:
    return f'<c r="{reference}" t="str"><v>{text}</v></c>'


@pytest.mark.parametrize("path", ["xl/worksheets/sheet1.xml", "xl/sheets/sheet1.xml", "elsewhere/data.part"])
def test_a_sheet_may_lie_anywhere(files, path):
    lines = ["Date,Views", *(f"{d},{n}" for d, n in zip(files.days(20), files.counts(20), strict=True))]
    rows = "".join(
        f'<row r="{i}">{cell(f"A{i}", a)}{cell(f"B{i}", b)}</row>'
        for i, (a, b) in enumerate((line.split(",") for line in lines), 1)
    )
    assert read_views(xlsx(rows, path), "x.xlsx").views.tolist() == files.counts(20)
    refused(xlsx(rows + f'<row r="1048576">{cell("XFD1048576", 1)}</row>', path), "more than 1000000 cells", "x.xlsx")
    bare = '<row r="1000000">' + "<c><v>1</v></c>" * 500 + "</row>"
    refused(xlsx(rows + bare, path), "more than 1000000 cells", "x.xlsx")


@pytest.mark.parametrize("number", ["1e300", "-1e300", "2147483647e5", "9" * 40, "nan"])
def test_numbers_that_are_no_times_are_one_sentence(files, number):
    """Cells that are formatted as times and hold what no time can be."""
    import openpyxl

    book = openpyxl.load_workbook(
        io.BytesIO(
            files.workbook(
                [
                    ["Date", "Views"],
                    *([d, timedelta(seconds=n)] for d, n in zip(files.days(20), files.counts(20), strict=True)),
                ]
            )
        )
    )
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    at = sheet.rindex("<v>") + 3
    parts["xl/worksheets/sheet1.xml"] = (sheet[:at] + number + sheet[sheet.index("</v>", at) :]).encode()
    try:
        read_views(files.zipped(parts), "x.xlsx")
    except BadInput as refusal:
        assert str(refusal).count(". ") == 0
