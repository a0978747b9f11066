"""What Auto tries, in order, and what it says of each trial."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from forecasting.models.ensemble.member import Recipe
from forecasting.models.ensemble.weights import Kinds
from forecasting.models.registry import METHODS
from forecasting.series import Series

ALWAYS_INCLUDED = tuple(slug for slug, method in METHODS.items() if method.in_auto)  # these leave nothing to choose
FAR = 28  # days that are predicted at once, where not tomorrow alone

# Cheap and good first, so that a short budget has a mixture too. Far ahead, more than a linear model learns the past by
# heart; tomorrow, networks see what a line cannot.
CANDIDATES = (
    Recipe("linear"),
    Recipe("linear", reach=FAR, centred=False, clip=1.0),
    Recipe("linear", log=False),
    Recipe("linear", reach=FAR, log=False, centred=False, clip=1.0),
    Recipe("relu", layers=2),
    Recipe("linear", reach=FAR, centred=False, clip=1.0, year=True),
    Recipe("relu", layers=2, log=False),
    Recipe("relu", layers=2, window=14),
    Recipe("linear", window=14),
    Recipe("linear", window=28),
    Recipe("linear", reach=FAR, clip=1.5, window=28),
    Recipe("linear", centred=False),
    Recipe("linear", reach=FAR, clip=1.0),
    Recipe("linear", reach=FAR, log=False, centred=False, clip=1.0, year=True),
    Recipe("linear", reach=FAR, log=False, clip=1.0),
    Recipe("linear", log=False, centred=False),
)

# Forecasts that err alike: a family counts once, however many of it there are.
FAMILIES = {
    "yesterday": "baselines",
    "last-week": "baselines",
    "four-weeks": "baselines",
    "level-1": "level",
    "level-growth": "level",
    "level-14": "level",
}

WORK = {"ets": 2.0, "pooled-trees": 2.0}  # beside that of a linear recipe; what has nothing to fit takes next to none

Candidate = str | Recipe  # the slug of a method, or a recipe of members


@dataclass(frozen=True)
class TrialResult:
    """What was tried, and its MASE on the validation days.

    `errors` and `mixed` are (days ahead, MASE) pairs: of this one alone, and of the mixture of all so far.
    """

    name: str
    settings: dict[str, object]
    errors: tuple[tuple[int, float], ...]
    mixed: tuple[tuple[int, float], ...]
    seconds: float  # it took
    left: float  # seconds of the budget
    best: bool  # the smallest mean error of all single ones so far
    reason: str = ""  # why it could not be fitted, or gave no finite forecast


def always_included(series: Series) -> list[str]:
    """The methods that are always part of Auto, if the days of `series` suffice for them."""
    days = series.measured_days
    return [slug for slug in ALWAYS_INCLUDED if slug == "ets" or METHODS[slug].least_days <= days]


def recipes(days: int, horizon: int) -> list[Recipe]:
    """The recipes for so many days: a window leaves twice its length to learn from, no output is past `horizon`."""
    longest = max((days - horizon) // 3, 7)
    fitting = (replace(one, window=min(one.window, longest), reach=min(one.reach, horizon)) for one in CANDIDATES)
    return list(dict.fromkeys(fitting))


def work_of(candidate: Candidate) -> float:
    """Roughly what a trial takes beside that of a linear recipe."""
    if isinstance(candidate, Recipe):
        return float(candidate.layers)
    return WORK.get(candidate, 0.0)


def family_of(name: str) -> str:
    """Of a method or a recipe, by its name."""
    if name in METHODS:
        return FAMILIES.get(name, name)
    return "linear models" if name.startswith("linear") else "networks"


def kinds_of(groups: np.ndarray, names: Sequence[str]) -> Kinds:
    """What members are whose methods or recipes are these `groups` (members,), places in `names`."""
    families = np.array([family_of(name) for name in names])
    return Kinds(groups, families[groups], np.isin(names, ALWAYS_INCLUDED)[groups])


def name_of(candidate: Candidate) -> str:
    """Of a method, or of a recipe."""
    return candidate if isinstance(candidate, str) else candidate.name


def settings_of(candidate: Candidate) -> dict[str, object]:
    """All that was chosen."""
    return {"method": candidate} if isinstance(candidate, str) else asdict(candidate)
