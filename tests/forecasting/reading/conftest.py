"""Files as their sources write them, built on the spot."""

import csv
import io
import zipfile
from datetime import date, timedelta

import pytest

START = date(2021, 1, 1)


class Files:
    """What tests write files with."""

    @staticmethod
    def days(count: int, start: date = START) -> list[date]:
        return [start + timedelta(day) for day in range(count)]

    @staticmethod
    def counts(count: int) -> list[int]:
        """A week's rhythm and a slow rise: no two days in a row alike, none low at the end."""
        return [1000 + 100 * (day % 7) + day for day in range(count)]

    @staticmethod
    def table(rows, separator=",", end="\n", quoting=csv.QUOTE_MINIMAL, encoding="utf-8") -> bytes:
        out = io.StringIO()
        csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
        return out.getvalue().encode(encoding)

    @classmethod
    def plain(cls, count=40, style="%Y-%m-%d", header=("Date", "Views"), **how) -> bytes:
        dates = (day.strftime(style) for day in cls.days(count))
        return cls.table([header, *zip(dates, cls.counts(count), strict=True)], **how)

    @staticmethod
    def zip(**files: bytes) -> bytes:
        return Files.zipped(files)

    @staticmethod
    def zipped(files: dict[str, bytes]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return out.getvalue()

    @staticmethod
    def workbook(*sheets: list[list[object]]) -> bytes:
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for number, rows in enumerate(sheets, 1):
            sheet = book.create_sheet(f"Sheet{number}")
            for row in rows:
                sheet.append(row)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


@pytest.fixture
def files() -> type[Files]:
    return Files


@pytest.fixture
def said():
    """Corrections, as one text."""
    return lambda channel: " | ".join(correction.translated() for correction in channel.corrections)
