"""The rows above a table's first date -> what its columns and the table itself are called."""

import re
from dataclasses import dataclass
from string import ascii_uppercase

from forecasting.messages import N_, BadInput
from forecasting.names import apart
from forecasting.reading import words

SHORT = 60  # letters of a cell that can be a number


@dataclass(frozen=True)
class Heading:
    """The header of a table. All tuples have an entry a column."""

    skip: int  # rows above the first row of numbers
    words: tuple[str, ...]  # what stands over each column, "" for nothing
    names: tuple[str, ...]  # the same, told apart: by the line above, or by the letter a spreadsheet gives the column
    caption: str  # the line of a single cell above the header, "" without


def read_heading(top: list[list[str]], width: int) -> Heading:
    """The heading in the rows above the first date."""
    filled = [i for i, record in enumerate(top) if _is_filled(record, width)]
    dated = [i for i in filled if any(map(words.is_date, top[i]))]
    worded = [i for i in filled if not any(map(_is_number, top[i]))]
    likely = dated or worded
    if not likely:
        return Heading(0, ("",) * width, _distinct_names([""] * width), _caption(top))
    main = likely[-1]
    header = [words.visible(cell).strip() for cell in (top[main] + [""] * width)[:width]]
    group_lines = [top[i] for i in worded if i != main and len(top[i]) == len(top[main])]
    return Heading(main + 1, tuple(header), _distinct_names(header, *group_lines), _caption(top[:main]))


def _is_filled(record: list[str], width: int) -> bool:
    """Whether a line has cells enough for a header."""
    return len(record) >= 2 and sum(bool(cell.strip()) for cell in record) >= min(2, width)


def check_width(heading: Heading, rows: list[list[str]], width: int) -> None:
    """Rows wider than their header are cut at a comma that is no separator, such as 1,234 without quotes."""
    filled = max((i + 1 for i, name in enumerate(heading.words) if name), default=width)
    if any(cell.strip() for row in rows for cell in row[filled:]):
        raise BadInput(
            N_("The rows have more columns than the header; put numbers and dates that hold a separator in quotes.")
        )


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[\d.,:%\s]+", cell[:SHORT])) and any(map(str.isdigit, cell[:SHORT]))


def _caption(above: list[list[str]]) -> str:
    """The nearest line above that is a single cell. Excel's line `sep=,` is none."""
    for record in reversed(above):
        filled = [cell.strip() for cell in record if cell.strip()]
        if len(filled) == 1 and not filled[0].lower().startswith("sep="):
            return words.visible(filled[0])[: words.LONGEST].strip()
    return ""


def _distinct_names(header: list[str], *group_lines: list[str]) -> tuple[str, ...]:
    """Distinct names: columns of the same header by a line of groups, else by their letter."""
    names = list(header)
    for line in group_lines:
        groups = _spread([*line, *[""] * len(names)])
        twice = _twice(names)
        names = [f"{groups[i]} {name}".strip() if name in twice else name for i, name in enumerate(names)]
    names = [apart(name, letter(i)) or letter(i) for i, name in enumerate(names)]
    twice = _twice(names)
    return tuple(f"{name} ({letter(i)})" if name in twice else name for i, name in enumerate(names))


def _twice(names: list[str]) -> set[str]:
    alike: dict[str, set[int]] = {}
    for i, name in enumerate(names):
        alike.setdefault(words.normalize(name), set()).add(i)
    return {names[i] for places in alike.values() if len(places) > 1 for i in places}


def _spread(cells: list[str]) -> list[str]:
    """A line of groups: a merged cell stands over the columns to its right too."""
    spread, last = [], ""
    for cell in cells:
        last = words.visible(cell).strip() or last
        spread.append(last)
    return spread


def letter(i: int) -> str:
    """The letter of a column in a spreadsheet: A for 0, AA for 26."""
    return (letter(i // 26 - 1) if i >= 26 else "") + ascii_uppercase[i % 26]
