"""Numbers as people read them."""

import math
from dataclasses import dataclass

from forecasting.messages import N_, Translate, english
from forecasting.metric_names import is_whole

# Large numbers: what each size is called, in rising order; Chinese counts in 10,000 and 100,000,000.
UNITS = N_("1e3=k;1e6=M")


def units(translate: Translate = english) -> list[tuple[float, str]]:
    """The units of large numbers in a language: their size and the text behind the number, the smallest first.

    >>> units()
    [(1000.0, 'k'), (1000000.0, 'M')]
    """
    pairs = (unit.split("=") for unit in translate(UNITS).split(";"))
    return [(float(size), text) for size, text in pairs]


def format_views(views: float, translate: Translate = english) -> str:
    """A count as people say it: 87, 460, 5.24k, 1.30M. Thousands have three digits, also where the last is a zero."""
    if not is_whole(translate) and abs(views) < 999.5:  # hours, money
        return f"{views:.3g}".replace("-", "−")
    text = f"{views:,.0f}" if abs(views) >= 10 else f"{views:.2g}"
    for size, unit in units(translate):
        if abs(views) >= size * 0.9995:
            digits = float(f"{views / size:.3g}")  # rounded first: 9.996k is 10.0k
            text = f"{digits:,.{2 if abs(digits) < 10 else 1 if abs(digits) < 100 else 0}f}{unit}"
    return text.replace("-", "−")


@dataclass(frozen=True)
class Views:
    """A number of views as a fact of a Message: it is said in the units of the language that the sentence is in."""

    value: float

    def translated(self, translate: Translate = english) -> str:
        """The number in the units of a language."""
        return format_views(self.value, translate)

    def __str__(self) -> str:
        return self.translated()


def format_three_digits(value: float, translate: Translate = english) -> str:
    """Three digits, whatever the size, for what is compared with its like: 0.315, 47.8, 546, 1.09k."""
    return format_views(value, translate) if abs(value) >= 999.5 else f"{value:.3g}".replace("-", "−")


@dataclass(frozen=True)
class ThreeDigits:
    """A number as a fact of a Message: it has three digits, and is said in the units of the sentence's language."""

    value: float

    def translated(self, translate: Translate = english) -> str:
        """The number in the units of a language."""
        return format_three_digits(self.value, translate)

    def __str__(self) -> str:
        return self.translated()


def format_small(value: float) -> str:
    """One digit and the power of ten, for what is next to nothing.

    >>> format_small(5.1e-7)
    '5e−7'
    """
    mantissa, _e, power = f"{value:.0e}".partition("e")
    return f"{mantissa}e{int(power)}".replace("-", "−")


def format_in_formula(value: float, signed: bool = False) -> str:
    """Three digits as LaTeX: 0.315, 5390, or -1.2 \\cdot 10^{-5}; `signed` has a plus too."""
    sign = "+" if signed else ""
    if abs(value) >= 999.5:
        return f"{value:{sign}.0f}"
    mantissa, _e, power = f"{value:{sign}.3g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(power)}}}" if power else mantissa


def format_percent(share: float) -> str:
    """0.123 as 12 %, NaN as –. There is no −0 %."""
    if math.isnan(share):
        return "–"
    whole = round(100 * share, 0) + 0.0
    return f"{whole:,.0f} %".replace("-", "−")


def format_probability(share: float) -> str:
    """The same for how likely something is judged to be: nobody is surer than >99 %, or <1 %."""
    return ">99 %" if share > 0.99 else "<1 %" if share < 0.01 else format_percent(share)
