"""How large a file may be: that of a stranger, and one that lies on the reader's own machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What is read; anything larger is refused in a sentence."""

    packed: int = 50_000_000  # bytes of the file
    unpacked: int = 200_000_000  # bytes of everything in it together
    rows: int = 5_000_000  # of a table


UPLOAD = Bounds()
OWN_FILE = Bounds(packed=4_000_000_000, unpacked=4_000_000_000, rows=100_000_000)
