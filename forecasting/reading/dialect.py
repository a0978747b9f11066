"""Which character separates the cells.

CleverCSV was measured against DuckDB's sniffer and Python's csv.Sniffer: see `tests/benchmark/reading.py`.
"""

SEPARATORS = [",", ";", "\t", "|"]
HEAD = 16_384  # bytes; the sniffer's time grows faster than its sample


def delimiter(head: str) -> str:
    """The separator of the table that `head` begins with; a comma where none can be told."""
    import clevercsv  # noqa: PLC0415 -- a tenth of a second that only an upload should pay

    # The last line is cut off somewhere, and comments are no table.
    lines = [
        line for line in (head.rsplit("\n", 1)[0] if "\n" in head else head).split("\n") if not line.startswith("#")
    ]
    found = clevercsv.Sniffer().sniff("\n".join(lines), delimiters=SEPARATORS)
    return found.delimiter if found and found.delimiter in SEPARATORS else ","
