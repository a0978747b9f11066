"""Sentences on events: what a kind of them does, and whether they make forecasts better."""

import numpy as np

from forecasting.evaluation.event_value import AHEAD, EventValue
from forecasting.evaluation.wording import ALIKE_DAYS, FEW_DAYS
from forecasting.events import KIND_NAMES
from forecasting.formats import format_percent
from forecasting.messages import N_, Message
from forecasting.models.event_effects import FEWEST, LAGS, KindEffect

ON_HELD_OUT_DAYS = {
    "better": N_(
        "Events lower the error by {share} on the held-out days (90 % interval {low} to {high}), up to {ahead} days"
        " ahead."
    ),
    "worse": N_(
        "Events raise the error by {share} on the held-out days (90 % interval {low} to {high}), up to {ahead} days"
        " ahead."
    ),
    "cannot tell": N_(
        "Events make no difference to the error that can be told: the 90 % interval runs from {low} lower to {high}"
        " higher, up to {ahead} days ahead, over {days} held-out days."
    ),
    "few days": FEW_DAYS,
    "alike days": ALIKE_DAYS,
}
NO_EVENT_HELD_OUT = N_("Cannot tell whether events help: none of the held-out days has one.")
LEFT_OUT = N_("Events are left out of the forecast: on the validation days its error was {share} lower without them.")
NOT_COMPARED = N_("Events are left out of the forecast: too few of them, or too few days, to see whether they help.")
REASONS = {
    "few": N_("{kind}: cannot tell an effect from {count} past days; at least {needed} are needed."),
    "weekday": N_("{kind}: always on the same weekdays, so the effect cannot be told from the weekday."),
}
EFFECTS = {
    "more": N_(
        "{kind} ({count} past days): {first} views on the day itself. Over {days} days one brings {gain} usual days'"
        " views (90 %: {low} to {high})."
    ),
    "less": N_(
        "{kind} ({count} past days): {first} views on the day itself. Over {days} days one costs {gain} usual days'"
        " views (90 %: {low} to {high})."
    ),
    "cannot tell": N_(
        "{kind} ({count} past days): cannot tell an effect. Over {days} days one brings between {low} and {high} usual"
        " days' views (90 % interval)."
    ),
}


def value_of_events(found: EventValue) -> Message:
    """Whether events make forecasts better, and whether they are used."""
    if found.validation is None:
        return Message(NOT_COMPARED)
    if not found.used:
        return Message(LEFT_OUT, {"share": format_percent(found.validation.difference / found.validation_error)})
    if found.held_out is None or not found.events:
        return Message(NO_EVENT_HELD_OUT)
    held = found.held_out
    share, low, high = (size / found.held_out_error for size in (held.difference, held.low, held.high))
    if held.answer == "better":
        share, low, high = -share, -high, -low
    if held.answer == "cannot tell":
        low = -low
    shares = {name: format_percent(size) for name, size in {"share": share, "low": low, "high": high}.items()}
    facts: dict[str, object] = {"days": held.days, "needed": held.needed, "ahead": AHEAD}
    return Message(ON_HELD_OUT_DAYS[held.reason or held.answer], facts | shares)


def effect_of(found: KindEffect) -> Message:
    """What a kind of event does to the views, or why that cannot be told."""
    facts: dict[str, object] = {"kind": Message(KIND_NAMES[found.kind]), "count": found.count, "needed": FEWEST}
    if found.reason:
        return Message(REASONS[found.reason], facts)
    gain, low, high = found.gain()
    key = "more" if low > 0 else "less" if high < 0 else "cannot tell"
    if key == "less":
        gain, low, high = -gain, -high, -low
    first = float(np.expm1(found.effect[0]))
    facts |= {"days": LAGS, "first": f"{'+' if first > 0 else ''}{format_percent(first)}"}
    return Message(EFFECTS[key], facts | {"gain": f"{gain:.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}"})
