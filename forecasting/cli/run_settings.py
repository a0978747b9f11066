"""The settings of a run as options: one for every field, with its bounds and default."""

import argparse
from dataclasses import fields

from forecasting.messages import BadInput
from forecasting.series import Channel
from forecasting.settings import (
    BOUNDS,
    BY_FAMILY,
    CHOICES,
    DEFAULTS,
    FAMILY_DEFAULTS,
    LABELS,
    PARTS,
    SETTINGS,
    Inputs,
    RunSettings,
    Training,
    defaults_of,
)
from forecasting.split import Period, Split, clipped, default_split


def add_split(command: argparse._ActionsContainer) -> None:
    """Both periods."""
    for period in ("--train", "--held-out"):
        command.add_argument(period, metavar="FIRST:LAST", help="such as 2017-01-01:2021-12-31")


def split_of(options: argparse.Namespace, channel: Channel) -> Split:
    """What the options say; the default split of the channel where they name no periods."""
    split = given_split(options)
    return clipped(split, channel.views) if split else default_split(channel.views)


def given_split(options: argparse.Namespace) -> Split | None:
    """What the options say; None where they name no periods."""
    if (options.train is None) != (options.held_out is None):
        raise BadInput("give both --train and --held-out, or neither")
    return Split(Period.parse(options.train), Period.parse(options.held_out)) if options.train else None


def add_run_settings(command: argparse.ArgumentParser) -> None:
    """Both periods and every setting."""
    add_split(command)
    command.add_argument("--batch", default=str(Training.batch_size), metavar="N|all", help="windows per update")
    for kind in PARTS.values():
        _add_settings(command, kind)


def run_settings(options: argparse.Namespace, channel: Channel) -> RunSettings:
    """What the options say; the default split of the channel where they name no periods."""
    split = split_of(options, channel)
    options.batch_size = 0 if options.batch == "all" else _whole(options.batch)
    given = {name: value for name in SETTINGS if (value := getattr(options, name)) is not None}
    values = defaults_of(options.family) | given
    parts = {part: {one.name: values[one.name] for one in fields(kind)} for part, kind in PARTS.items()}
    return RunSettings(split, **{part: PARTS[part](**chosen) for part, chosen in parts.items()})


def _add_settings(parser: argparse.ArgumentParser, kind: type) -> None:
    """An option for every setting, with its bounds and default."""
    for setting in fields(kind):
        flag = "--" + setting.name.replace("_", "-")
        default = None if setting.name in BY_FAMILY else setting.default  # None: the family's
        if setting.name in CHOICES:
            text = f"{LABELS[setting.name]}; {_said_default(setting.name)} by default"
            parser.add_argument(flag, choices=CHOICES[setting.name], default=default, help=text)
        elif isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default)
        elif setting.name in BOUNDS and setting.name != "batch_size":
            low, high = BOUNDS[setting.name]
            parser.add_argument(
                flag,
                type=type(setting.default),
                default=default,
                help=f"{LABELS[setting.name]}: {low} to {high}; {_said_default(setting.name)} by default",
            )
    if kind is Inputs:
        parser.add_argument("--country", default=Inputs.country, help="whose public holidays are an input, such as TW")


def _said_default(name: str) -> str:
    """The default of a setting, such as `0.001 (relu), 0.003 (sigmoid, linear)` where families differ."""
    if name not in BY_FAMILY:
        return str(DEFAULTS[name])
    families: dict[object, list[str]] = {}
    for family in FAMILY_DEFAULTS:
        families.setdefault(defaults_of(family)[name], []).append(family)
    return ", ".join(f"{value} ({', '.join(those)})" for value, those in families.items())


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise BadInput("--batch takes a whole number or “all”, not “{text}”", text=text)
    return int(text)
