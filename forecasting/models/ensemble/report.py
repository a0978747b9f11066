"""What Auto tried, as records of `candidates.TrialResult`: what each trial, and another choice, would have cost."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from forecasting.formats import format_percent
from forecasting.messages import N_, Message, Translate, english
from forecasting.models.ensemble.member import UPDATES, Member
from forecasting.models.registry import BASELINES, SKILL_BASELINE, UNFITTED, method_in_words

MOSTLY = 0.5  # share of the mixture
CORRECTED = N_("Where models disagree, the average then moves towards those that have been right against it of late.")


def mean_error(pairs: Sequence[tuple[int, float]]) -> float:
    """Mean MASE over the days ahead that were looked at; NaN for none."""
    return float(np.mean([error for _ahead, error in pairs])) if len(pairs) else np.nan


def trials_frame(trials: Sequence[dict], translate: Translate = english) -> pd.DataFrame:
    """A row a trial, in order: step, name, alone and mixed (mean MASE in validation), updates of weights, seconds."""
    rows = [
        (
            step,
            title(trial["name"], translate),
            mean_error(trial["errors"]),
            mean_error(trial["mixed"]),
            updates_of(trial),
            trial["seconds"],
        )
        for step, trial in enumerate(trials, start=1)
    ]
    return pd.DataFrame(rows, columns=["step", "name", "alone", "mixed", "updates", "seconds"])


def title(name: str, translate: Translate = english) -> str:
    """A trial's name in words: a method's is translated, a recipe's is the same in every language."""
    return method_in_words(name, translate)


def regret_of_alternatives(trials: Sequence[dict], translate: Translate = english) -> Message:
    """How the error in validation changes with the best single one, the same day last week, and the worst."""
    frame = trials_frame(trials, translate)
    end = frame["mixed"].iloc[-1]
    if not (np.isfinite(end) and end > 0 and frame["alone"].notna().any()):
        return Message(N_("Nothing to compare yet."))
    best, worst = (frame.loc[getattr(frame["alone"], which)()] for which in ("idxmin", "idxmax"))
    facts = {"mixed": f"{end:.3f}", "count": len(frame), "best": best["name"], "worst": worst["name"]}
    usual = title(SKILL_BASELINE, translate)
    alone = frame.loc[frame["name"] == usual, "alone"]
    facts |= {"usual": usual, "usual_cost": _more(alone.iloc[0] if len(alone) else np.nan, end)}
    facts |= {"best_cost": _more(best["alone"], end), "worst_cost": _more(worst["alone"], end)}
    return Message(
        N_(
            "Auto averages {count} models (MASE {mixed} in validation). Errors of others relative to that: "
            "{best_cost} “{best}” (the best one, known only in hindsight), {usual_cost} “{usual}”, "
            "{worst_cost} “{worst}” (the worst)."
        ),
        facts,
    )


def updates_of(trial: dict) -> int:
    """Updates of a model's weights that a trial takes, over all its seeds: the unit of Auto's work.

    0 for baselines and statistical methods, which have no weights that descend.
    """
    settings = trial["settings"]
    return UPDATES[settings["family"]][-1] * settings["seeds"] if "family" in settings else 0


def work_of(trials: Sequence[dict]) -> Message:
    """How much was done for all trials, in a unit that no clock changes."""
    text = N_(
        "Work: {updates} updates of weights for {count} model, the same on every machine. Seconds are a limit and"
        " nothing else.",
        "Work: {updates} updates of weights for {count} models, the same on every machine. Seconds are a limit and"
        " nothing else.",
    )
    return Message(text, {"updates": f"{sum(map(updates_of, trials)):,}", "count": len(trials)})


def cut_short(limit: float, count: int) -> list[Message]:
    """That the seconds ended the search after `count` models; nothing where all candidates were tried."""
    text = N_(
        "The limit of {seconds} s ended Auto's search after {count} model; without it Auto may forecast otherwise.",
        "The limit of {seconds} s ended Auto's search after {count} models; without it Auto may forecast otherwise.",
    )
    return [Message(text, {"seconds": f"{limit:g}", "count": count})] if limit else []


def notes_on(auto) -> list[Message]:
    """What to know of an Auto beside its forecast."""
    notes = cut_short(auto.limit, len(auto.trials))
    if not any(isinstance(member, Member) for member in auto.members):
        text = N_("The channel is too short for Auto's models: it averages simpler methods.")
        notes.append(Message(text))
    return notes


def composition(
    shares: Iterable[tuple[str, Sequence[float] | np.ndarray]], day: int, trials: Sequence[dict] = ()
) -> list[Message]:
    """How the mixture is composed `day` days ahead, and whether it is mostly a baseline. `shares` are Auto's.

    `trials` have the errors in validation: a baseline may have the most weight although something else erred less.
    """
    kinds = {"networks": 0.0, "linear": 0.0, "ets": 0.0, "seasonal": 0.0, "baselines": 0.0}
    for name, by_day in shares:
        kinds[_kind(name)] += by_day[day - 1]
    facts = {name: format_percent(share) for name, share in kinds.items()} | {"day": day}
    said = [
        Message(
            N_(
                "On day {day}: networks {networks}, linear models {linear}, exponential smoothing {ets}, level and"
                " season {seasonal}, baselines {baselines}."
            ),
            facts,
        )
    ]
    if kinds["baselines"] >= MOSTLY:
        said.append(_mostly_a_baseline(trials, day))
    return said


def _mostly_a_baseline(trials: Sequence[dict], day: int) -> Message:
    """With the smallest errors in validation, of baselines and of the rest, on the day ahead that was looked at."""
    errors = {trial["name"]: near_error(trial["errors"], day) for trial in trials}
    known = {name: error for name, error in errors.items() if np.isfinite(error)}
    baselines, models = (
        {name: error for name, error in known.items() if (name in BASELINES) == naive} for naive in (True, False)
    )
    if not baselines or not models:
        return Message(N_("On day {day} Auto is mostly a baseline."), {"day": day})
    best, baseline = min(models, key=models.__getitem__), min(baselines, key=baselines.__getitem__)
    facts = {"day": day, "best": best, "error": f"{models[best]:.3f}", "baseline_error": f"{baselines[baseline]:.3f}"}
    if models[best] >= baselines[baseline]:
        text = N_(
            "On day {day} Auto is mostly a baseline: in validation nothing else it tried erred less (MASE"
            " {baseline_error}; the best of the others, “{best}”, {error})."
        )
    else:
        text = N_(
            "On day {day} Auto is mostly a baseline, though in validation “{best}” alone erred less (MASE {error}, the"
            " best baseline {baseline_error})."
        )
    return Message(text, facts)


def near_error(pairs: Sequence[tuple[int, float]], day: int) -> float:
    """MASE on the day ahead, of those looked at, that is nearest to `day`; NaN for none."""
    return min(pairs, key=lambda pair: abs(pair[0] - day))[1] if len(pairs) else np.nan


def _kind(name: str) -> str:
    if name in BASELINES:
        return "baselines"
    if name in UNFITTED:
        return "seasonal"
    return "ets" if name == "ets" else "linear" if name.startswith("linear") else "networks"


def _more(error: float, end: float) -> str:
    """+12 % of error."""
    if not np.isfinite(error):
        return "–"
    return ("+" if error >= end else "") + format_percent(error / end - 1)
