"""`forecast` prints the days to come, `backtest` what each method would have said on held-out days."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from forecasting.cli.channel import bytes_of, channel_of, words_of
from forecasting.csv_cells import write_rows
from forecasting.evaluation.calibration import fit_method
from forecasting.evaluation.conformal import LEVELS
from forecasting.evaluation.event_wording import effect_of, value_of_events
from forecasting.forecasts.forecast import (
    Forecast,
    check_horizon,
    horizon_with_totals,
    judged_horizons,
    make_forecast,
)
from forecasting.forecasts.holiday_report import report_on_holidays
from forecasting.forecasts.judged_methods import judge_methods
from forecasting.forecasts.model_file import load_model
from forecasting.forecasts.what_if import report_on_events, uses_events
from forecasting.jobs.machine import use_one_thread
from forecasting.messages import BadInput
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.ensemble.report import CORRECTED, composition, notes_on, regret_of_alternatives, work_of
from forecasting.models.holiday_effects import FIND
from forecasting.models.holiday_regression import calendars_of
from forecasting.models.registry import BUDGET, METHODS
from forecasting.models.with_events import auto_of
from forecasting.series import Channel, Series
from forecasting.split import Period, default_split

NO_COUNTRY = "none"
COLUMNS = ("mae", "skill", "mase", "coverage", "width")


def add_forecasts(commands) -> list[argparse.ArgumentParser]:
    """Both commands; the caller adds how to read the file."""
    ahead = commands.add_parser("forecast", help="print the days to come as date,forecast,lower,upper")
    ahead.set_defaults(command="forecasting.cli.forecasts:forecast")
    ahead.add_argument("--model", default="auto", metavar="METHOD|FILE", help=f"{', '.join(METHODS)}, or a model file")
    add_country(ahead)
    ahead.add_argument("--level", type=float, default=max(LEVELS), help="share of days that the interval shall hold")
    back = commands.add_parser("backtest", help="print how far methods would have been off on held-out days")
    back.set_defaults(command="forecasting.cli.forecasts:judge")
    back.add_argument("--held-out", metavar="FIRST:LAST", help="such as 2022-01-01:2022-12-31; training ends before it")
    back.add_argument("--origins", type=int, default=0, metavar="N", help="forecast from so many days; 0 for every one")
    back.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    back.add_argument("--refit", type=int, default=0, metavar="DAYS", help="fit again after so many days; 0 for never")
    back.add_argument("--level", type=float, default=max(LEVELS), help="of the interval that coverage and width are of")
    for command in (ahead, back):
        command.add_argument("--horizon", type=int, default=28, metavar="DAYS", help="1 to 90 days ahead")
        limit = f"the most that Auto may take; {BUDGET:g} by default"
        command.add_argument("--seconds", type=float, default=BUDGET, help=limit)
    return [ahead, back]


def add_country(command) -> None:
    """Whose public holidays Auto takes into account."""
    said = f"whose public holidays Auto knows, such as TW; {NO_COUNTRY} for none, those that it finds by default"
    command.add_argument("--country", type=_country, default=FIND, metavar="CODE", help=said)


def _country(said: str) -> str:
    return "" if said == NO_COUNTRY else said


def forecast(options: argparse.Namespace) -> None:
    """Print `date,forecast,lower,upper` for the days after the last one."""
    _check(options)
    channel = channel_of(options)
    found = _from_file(options, channel) if _is_file(options.model) else _from_method(options, channel)
    for total in found.judged_totals:
        said = [total.sentence(f"{total.first:%Y-%m}")] if total.kind != "days" else []
        print("totals:", *(one.translated(words_of(channel)) for one in (*said, total.verdict())), file=sys.stderr)
    (band,) = found.bands
    rows = zip(found.days, found.point, band.lower, band.upper, strict=True)
    _print(options, ("date", "forecast", "lower", "upper"), ((str(day), *values) for day, *values in rows))


def judge(options: argparse.Namespace) -> None:
    """Print a line for each method and each of the horizons 1, 7, 28 up to the one asked for, and that one itself."""
    _check(options)
    series = channel_of(options).series
    use_one_thread()
    found = judge_methods(
        series,
        options.methods,
        held_out=Period.parse(options.held_out) if options.held_out else default_split(series.views).held_out,
        horizon=options.horizon,
        origins=options.origins,
        refit_days=options.refit,
        level=options.level,
        budget=options.seconds,
        note=_tell,
    )
    columns, rows = [*(found.columns if options.json else COLUMNS), "reason"], []
    for name in dict.fromkeys(options.methods):
        if name in found.reasons:
            rows.append((name, None, *[None] * (len(columns) - 1), found.reasons[name]))
            continue
        rows += [(name, ahead, *row[columns[:-1]], "") for ahead, row in found.tables[name].iterrows()]
    _print(options, ("method", "horizon", *columns), rows)


def _from_method(options: argparse.Namespace, channel: Channel) -> Forecast:
    """The method fitted on all days; its intervals rest on days near the end that it had not learnt from at first."""
    series = channel.series
    reach = horizon_with_totals(options.horizon, series.measured_days, options.model)
    calendars_of(options.country)  # refuses one whose holidays are not known
    use_one_thread()
    events = _events(series, options.model)
    fitted = fit_method(
        options.model,
        series,
        reach,
        budget=options.seconds,
        note=_tell,
        events=events,
        country=options.country,
    )
    found = make_forecast(
        fitted.forecaster, fitted, series, scores=fitted.scores, horizon=options.horizon, levels=[options.level]
    )
    if auto := auto_of(fitted.forecaster):
        _explain(auto, options.horizon)
        if holidays := report_on_holidays(auto, found.days):
            print("auto:", holidays.said(holidays.country).translated(), file=sys.stderr)
    return found


def _events(series: Series, method: str) -> bool:
    """Whether the forecast takes the channel's events into account; why, and what they do, goes to stderr."""
    report = report_on_events(series, default_split(series.views), method) if series.events else None
    if report:
        sentences = (value_of_events(report.value), *map(effect_of, report.effects.kinds))
        print("events:", *(sentence.translated() for sentence in sentences), file=sys.stderr)
    return uses_events(report)


def _from_file(options: argparse.Namespace, channel: Channel) -> Forecast:
    use_one_thread()
    model = load_model(bytes_of(options.model))
    return model.forecast(channel.series, options.horizon, levels=[options.level])


def _is_file(model: str) -> bool:
    if model in METHODS:
        return False
    if not Path(model).exists():
        raise BadInput("“{model}” is neither a method ({methods}) nor a file", model=model, methods=", ".join(METHODS))
    return True


def _check(options: argparse.Namespace) -> None:
    check_horizon(options.horizon)
    if not 0 < options.level < 1:
        raise BadInput("--level takes a share such as 0.9, not {level}", level=options.level)
    for name, least in (("origins", 0), ("refit", 0), ("seconds", 1)):
        if getattr(options, name, least) < least:
            raise BadInput("--{name} takes a number from {least} on", name=name, least=least)


def _tell(trial: TrialResult) -> None:
    """Progress of Auto, to whoever watches."""
    if sys.stderr.isatty():
        errors = ", ".join(f"{ahead} days: {error:.3f}" for ahead, error in trial.errors)
        print(f"\r{trial.left:4.0f} s left  {trial.name} (MASE {errors})", file=sys.stderr)


def _explain(auto: Auto, horizon: int) -> None:
    """What Auto mixed, and what another choice would have cost."""
    for sentence in notes_on(auto):
        print("auto:", sentence.translated(), file=sys.stderr)
    trials = [asdict(trial) for trial in auto.trials]
    print("auto:", regret_of_alternatives(trials).translated(), file=sys.stderr)
    print("auto:", work_of(trials).translated(), file=sys.stderr)
    for day in judged_horizons(horizon):
        said = composition(auto.shares(), day, trials)
        print("auto:", *(sentence.translated() for sentence in said), file=sys.stderr)
    print("auto:", CORRECTED, file=sys.stderr)


def _print(options: argparse.Namespace, columns: Sequence[str], rows) -> None:
    if options.json:
        for row in rows:
            print(json.dumps(dict(zip(columns, map(_plain, row), strict=True))))
        return
    write_rows(sys.stdout, [columns])
    for row in rows:  # each as soon as it is known
        write_rows(sys.stdout, [map(_cell, row)])


def _cell(value) -> str:
    """Empty for an edge that cannot be told."""
    if _plain(value) is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value):
    """None for an edge that cannot be told."""
    return None if isinstance(value, float) and np.isnan(value) else value
