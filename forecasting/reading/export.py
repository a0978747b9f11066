"""A channel as CSV that a spreadsheet can open safely."""

import io
import math

from forecasting.csv_cells import write_rows
from forecasting.series import Channel


def to_csv(channel: Channel) -> str:
    """Two columns, the day and the views (or the metric's name); a day nobody knows is empty. It can be read again."""
    out = io.StringIO()
    write_rows(out, [["Date", "Views" if channel.metric == "views" else channel.metric]])
    write_rows(out, ([day.date().isoformat(), _number(count)] for day, count in channel.views.items()))
    return out.getvalue()


def _number(count: float) -> str:
    if math.isnan(count):
        return ""
    return str(int(count)) if count == int(count) else repr(float(count))
