"""Which character separates the cells.

CleverCSV finds it. Of 400 tables in the layouts, number styles and languages of real exports, some below a title or an
explaining line, CleverCSV was right in 400 (8 to 10 ms each), Python's csv.Sniffer in 373 (1 ms) and DuckDB's sniffer,
told to be lenient, in 329 (3 ms). `tests/benchmark/reading.py` repeats it.
"""

SEPARATORS = [",", ";", "\t", "|"]
HEAD = 16_384  # bytes; the sniffer's time grows faster than its sample


def delimiter(head: str) -> str:
    """The separator of the table that `head` begins with; a comma where none can be told."""
    import clevercsv  # noqa: PLC0415 -- a tenth of a second that only an upload should pay

    # The last line is cut off somewhere, and comments are no table.
    whole = head.rsplit("\n", 1)[0] if "\n" in head else head
    lines = [line for line in whole.split("\n") if not line.startswith("#")]
    found = clevercsv.Sniffer().sniff("\n".join(lines), delimiters=SEPARATORS)
    return found.delimiter if found and found.delimiter in SEPARATORS else ","
