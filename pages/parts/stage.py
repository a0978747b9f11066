"""A picture to take hold of: surface, lines, paths, arrows and dots on one canvas, with handles that are dragged.

The browser draws and moves (stage.js, stage.css, stage.html; no build step); it knows no learning. What follows from a
handle is computed in Python when it is let go. Positions are in the units of the axes throughout.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from forecasting.formats import format_views
from forecasting.messages import N_, Translate

HERE = Path(__file__).parent
# Places in the theme's palette (.streamlit/config.toml): the first six are roles, the others tell things apart.
INK, REAL, PREDICTED, TRAIN, HELD_OUT, BASELINE, VALIDATION = -1, 0, 1, 2, 3, 4, 5
RUNS = range(6, 14)
BANDS = 12
NEXT_TO_NOTHING = 1e-3  # of the highest: from here up a logarithm spends most bands on what cannot be seen
POINTS = 300  # of a path: more than this a screen cannot show


@dataclass(frozen=True)
class Axis:
    """One side of the picture. `title` names the quantity with its unit, `symbol` stands before a value."""

    title: str
    low: float
    high: float
    symbol: str = ""
    unit: str = ""  # after a value
    digits: int = 2  # of a value, after the point
    log: bool = False
    ticks: Sequence[tuple[float, str]] = ()  # value and text; chosen where there are none
    views: bool = False  # ticks are views as people say them
    names: Sequence[str] = ()  # of the places 0, 1, 2, ..., such as days; read instead of the value


@dataclass(frozen=True)
class Surface:
    """Heights (rows, columns) at evenly spaced places over both axes, row 0 at the low end of y."""

    heights: np.ndarray
    title: str
    unit: str = ""
    digits: int = 2
    levels: Sequence[float] = ()  # borders of the colour bands; even in the logarithm above the lowest where not given


@dataclass(frozen=True)
class Line:
    """A curve through `points` (n, 2), NaN where it is broken; or through handles by name, straight between them.

    With `bar`, its width on the x axis, a bar from 0 to each point instead.
    """

    points: np.ndarray | Sequence[Sequence[float]] = ()
    label: str = ""  # in the legend
    colour: int = REAL
    through: Sequence[str] = ()  # flat beyond the first and the last handle
    dashed: bool = False
    faint: bool = False
    read: bool = True  # its value is read out under the pointer
    width: float = 2
    bar: float = 0


@dataclass(frozen=True)
class Track:
    """A path that can be played: `points` (n, 2) in order, cut here at the first that is not finite."""

    points: np.ndarray
    label: str = ""
    colour: int = TRAIN
    dots: bool = False  # every point
    first: int = 0  # the number of the first step


@dataclass(frozen=True)
class Arrow:
    """An arrow from `at` by `by`."""

    at: Sequence[float]
    by: Sequence[float]
    colour: int = INK


@dataclass(frozen=True)
class Dot:
    """A place, named beside it (`label`) or in the legend (`legend`)."""

    at: Sequence[float]
    label: str = ""
    legend: str = ""
    colour: int = INK


@dataclass(frozen=True)
class Text:
    """Words in the picture, which begin at `at`: above (1), across (0) or below (-1) it."""

    at: Sequence[float]
    text: str
    side: int = 0
    bold: bool = False


@dataclass(frozen=True)
class Handle:
    """What is dragged, by mouse, finger or arrow keys: freely ("xy"), or along one axis."""

    name: str
    at: Sequence[float]
    label: str  # what a screen reader calls it
    along: str = "xy"  # "xy", "x", "y"
    colour: int = INK
    rule: bool = False  # a dashed line across the picture: upright, or level where it moves along y
    step: Sequence[float] = (0.0, 0.0)  # multiples that it snaps to, on each axis; 0 for any value
    follows: int = -1  # one that moves along x keeps to this line, by its place in `lines`


_COMPONENT = st.components.v2.component(
    "stage",
    html=(HERE / "stage.html").read_text("utf-8"),
    css=(HERE / "stage.css").read_text("utf-8"),
    js=(HERE / "stage.js").read_text("utf-8"),
)


def stage(
    key: str,
    *,
    x: Axis,
    y: Axis,
    alt: str,
    translate: Translate,
    surface: Surface | None = None,
    lines: Sequence[Line] = (),
    tracks: Sequence[Track] = (),
    arrows: Sequence[Arrow] = (),
    dots: Sequence[Dot] = (),
    texts: Sequence[Text] = (),
    handles: Sequence[Handle] = (),
    on_move: Callable[[str, tuple[float, float]], None] | None = None,
    height: int = 420,
    step: str = "",
    downhill: bool = False,
    ordered: bool = False,
    readout: bool = True,
    axes: bool = True,
) -> None:
    """Draw the picture; `on_move(name, (x, y))` is called when a handle has been let go, before the next run.

    `alt` says what is seen. With `step` ("Update {step} of {last}") tracks can be played, stepped and scrubbed.
    `downhill` draws the direction of steepest descent at each handle; `ordered` keeps handles from passing each other.
    Without `axes` the picture is no chart: it fills its place, and nothing is read under the pointer.
    """

    state = f"stage-{key}"  # no control of any page is called so: a visit's controls and stages share one state

    def moved() -> None:
        if on_move and (now := st.session_state[state].get("moved")):
            on_move(now["name"], (now["x"], now["y"]))

    drawn = [_track(track) for track in tracks]
    data = {
        "x": _axis(x, translate),
        "y": _axis(y, translate),
        "alt": alt,
        "height": height,
        "surface": _surface(surface) if surface else None,
        "lines": [_line(line) for line in lines],
        "paths": drawn,
        "pathsVersion": zlib.crc32(repr(drawn).encode()),
        "arrows": [_plain(arrow) for arrow in arrows],
        "dots": [_plain(dot) for dot in dots],
        "texts": [_plain(text) for text in texts],
        "answered": (st.session_state.get(state, {}).get("moved") or {}).get("count", 0),
        "handles": [_plain(handle) for handle in handles],
        "scrub": bool(step),
        "downhill": downhill,
        "ordered": ordered,
        "readout": readout,
        "axes": axes,
        "words": _words(translate) | {"step": step},
    }
    _COMPONENT(key=state, data=data, on_moved_change=moved)


def views_axis(title: str, low: float, high: float) -> Axis:
    """An axis of views, its ticks round and as people say them."""
    return Axis(title, low, high, digits=0 if high - low > 20 else 2, views=True)


def _views_text(views: float, translate: Translate) -> str:
    """Views without zeros after the point: 500, 4k, 7.5k."""
    return re.sub(r"\.?0+(?=\D*$)", "", text) if "." in (text := format_views(views, translate)) else text


def _words(translate: Translate) -> dict[str, str]:
    return {
        "slope": translate(N_("slope")),
        "scrub": translate(N_("Steps of the path")),
        "play": translate(N_("Play or pause")),
        "back": translate(N_("One step back")),
        "on": translate(N_("One step on")),
    }


def _plain(layer: Arrow | Dot | Text | Handle) -> dict[str, object]:
    """A layer as JSON has it."""
    made = asdict(layer)
    return made | {name: [float(v) for v in made[name]] for name in ("at", "by", "step") if name in made}


def _axis(axis: Axis, translate: Translate) -> dict[str, object]:
    ticks = [(float(value), text) for value, text in axis.ticks] or [
        (value, _views_text(value, translate) if axis.views else f"{value:g}".replace("-", "−"))
        for value in _ticks(axis)
    ]
    return asdict(axis) | {"low": float(axis.low), "high": float(axis.high), "ticks": ticks}


def _ticks(axis: Axis) -> list[float]:
    """Some five round values, or the powers of ten, between the ends."""
    if axis.log:
        return _log_ticks(axis.low, axis.high)
    rough = (axis.high - axis.low) / 5
    power = 10 ** np.floor(np.log10(rough) + 1e-9)
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    places = np.arange(np.ceil(axis.low / step - 1e-9), np.floor(axis.high / step + 1e-9) + 1)
    return [float(f"{value:.12g}") + 0.0 for value in places * step]


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten; where two at most lie between the ends, twice and five times them too."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    within = [float(power) for power in powers if low <= power <= high]
    finer = [float(f"{factor * power:.12g}") for power in powers for factor in (1, 2, 5)]
    return within if len(within) > 2 else [tick for tick in finer if low <= tick <= high]


def _surface(surface: Surface) -> dict[str, object]:
    heights = np.asarray(surface.heights, float)
    values = [float(f"{value:.5g}") for value in heights.ravel()]
    levels = [float(level) for level in surface.levels] or _bands(heights)
    shape = {"rows": heights.shape[0], "columns": heights.shape[1]}
    words = {"title": surface.title, "unit": surface.unit, "digits": surface.digits}
    return shape | words | {"values": values, "levels": levels, "version": zlib.crc32(heights.tobytes())}


def _bands(heights: np.ndarray) -> list[float]:
    """Borders of bands, finest near the lowest: even in the logarithm of the height, or in its root down to nothing."""
    low, high = float(heights.min()), float(heights.max())
    if low <= NEXT_TO_NOTHING * high:
        return [float(v) for v in low + (high - low) * np.linspace(0, 1, BANDS + 1)[1:-1] ** 2]
    return [float(v) for v in np.geomspace(low, high, BANDS + 1)[1:-1]]


def _line(line: Line) -> dict[str, object]:
    points = np.asarray(line.points, float).reshape(-1, 2)
    pairs = [[float(f"{a:.6g}"), float(f"{b:.6g}") if np.isfinite(b) else None] for a, b in points]
    look = {name: getattr(line, name) for name in ("colour", "dashed", "faint", "read", "width", "bar")}
    return look | {"points": pairs, "label": line.label, "through": list(line.through)}


def _track(track: Track) -> dict[str, object]:
    points = np.asarray(track.points, float)
    bad = ~np.isfinite(points).all(axis=1)
    points = points[: int(bad.argmax())] if bad.any() else points
    kept = thinned(len(points))
    pairs = [[float(f"{a:.6g}"), float(f"{b:.6g}")] for a, b in points[kept]]
    look = {"label": track.label, "colour": track.colour, "dots": track.dots}
    return look | {"points": pairs, "steps": [int(step) + track.first for step in kept]}


def thinned(count: int, most: int = POINTS) -> np.ndarray:
    """At most `most` of `count` places: all of the first, then ever wider apart, and the last."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.r_[np.arange(most // 2), np.geomspace(most // 2, count - 1, most // 2).round().astype(int)])
