"""What the length of a channel allows, said before anything is asked; every number is what the method itself checks."""

from functools import lru_cache
from itertools import count

from forecasting.evaluation.comparison import fewest_days
from forecasting.forecasts.forecast import horizon_with_totals
from forecasting.messages import N_, Message
from forecasting.models.ensemble.candidates import recipes
from forecasting.models.ensemble.member import FEWEST_WINDOWS, training_windows
from forecasting.models.registry import BASELINES, METHODS
from forecasting.models.validation import validation_days
from forecasting.series import Series
from forecasting.split import last_part_days
from forecasting.typical_range import WEEK
from forecasting.windows import COMMON_HISTORY

HORIZONS = (1, 7, 28)  # days ahead that are spoken of
EVERYTHING = N_(
    "{days} measured days are enough for every method to forecast {ahead} days ahead, to train, and to judge both."
)
ENOUGH = N_("{days} measured days are enough to forecast {groups}.")
GROUP = N_("{count} day ahead ({methods})", "{count} days ahead ({methods})")
TOO_FEW = N_("{days} measured days are too few for any forecast; the first is possible with {needed}.")
NEEDS_MORE = N_("More days are needed for: {needs}.")
METHOD = N_("{method} {count} day ahead (from {needed})", "{method} {count} days ahead (from {needed})")
OWN_MODELS = N_("models of Auto's own (from {needed})")
TRAINING = N_("training (from {needed})")
VERDICT_ON_RUN = N_("a verdict on a trained model (from {needed})")
VERDICT_ON_FORECAST = N_("a verdict on a forecast {ahead} days ahead (from {needed})")


def what_length_allows(series: Series) -> list[Message]:
    """Which methods can forecast how far from the measured days of `series`, and what needs how many more."""
    days = series.measured_days
    needs = _needs(days)
    if not needs:
        return [Message(EVERYTHING, {"days": f"{days:,}", "ahead": max(HORIZONS)})]
    groups = _groups(days)
    first = Message(ENOUGH if groups else TOO_FEW, {"days": days, "groups": groups, "needed": min(_least(1).values())})
    return [first, Message(NEEDS_MORE, {"needs": needs})]


def _least(horizon: int) -> dict[str, int]:
    """Days that each label of a method needs; the baselines, and what needs as little and no fitting, are one."""
    baselines = max(method.least(horizon) for method in BASELINES.values())
    others = [method for slug, method in METHODS.items() if slug not in BASELINES]
    named = [method for method in others if not method.unfitted or method.least(horizon) > baselines]
    return {N_("baselines"): baselines} | {method.label: method.least(horizon) for method in named}


def _groups(days: int) -> tuple[Message, ...]:
    """The methods that reach equally far, the farthest first."""
    reached = {label: max((h for h in HORIZONS if _least(h)[label] <= days), default=0) for label in _least(1)}
    found = []
    for ahead in sorted({*reached.values()} - {0}, reverse=True):
        methods = tuple(Message(label) for label in reached if reached[label] == ahead)
        found.append(Message(GROUP, {"count": ahead, "methods": methods}))
    return tuple(found)


def _needs(days: int) -> tuple[Message, ...]:
    """What so many days do not suffice for, the nearest first."""
    found: dict[str, tuple[int, Message]] = {}
    for ahead in HORIZONS:
        for label, needed in _least(ahead).items():
            facts = {"method": Message(label), "count": ahead, "needed": needed}
            if needed > days:
                found.setdefault(label, (needed, Message(METHOD, facts)))
    of_default_split = [
        (needed, Message(text, {"needed": needed, "ahead": WEEK})) for text, needed in _of_the_default_split()
    ]
    missing = [*found.values(), *(one for one in of_default_split if one[0] > days)]
    return tuple(said for _needed, said in sorted(missing, key=lambda one: one[0]))


@lru_cache
def _of_the_default_split() -> list[tuple[str, int]]:
    """What needs how many days in all, where the last part of them is held out."""
    return [
        (TRAINING, _days_with(training=COMMON_HISTORY + 1)),
        (OWN_MODELS, _days_with(training=max(map(own_models_from, HORIZONS)))),
        (VERDICT_ON_RUN, _days_with(held_out=fewest_days(1))),
        (VERDICT_ON_FORECAST, _days_with(held_out=fewest_days(WEEK) + WEEK - 1)),
    ]


def _days_with(training: int = 1, held_out: int = 1) -> int:
    """The fewest days whose last part leaves so many for both."""
    return next(
        days for days in count(2) if days - last_part_days(days) >= training and last_part_days(days) >= held_out
    )


def own_models_from(horizon: int) -> int:
    """The fewest days from which Auto averages models of its own, beside baselines and exponential smoothing."""
    return next(days for days in count(METHODS["auto"].least(horizon)) if _has_own_models(days, horizon))


def _has_own_models(days: int, horizon: int) -> bool:
    reach = horizon_with_totals(horizon, days)
    early = days - validation_days(days, reach)
    return any(training_windows(recipe, early) >= FEWEST_WINDOWS for recipe in recipes(early, reach))
