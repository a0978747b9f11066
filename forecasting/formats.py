"""Numbers as people read them."""

import math


def format_views(views: float) -> str:
    """A count as people say it: 87, 460, 5.24k, 1.30M. Thousands have three digits, also where the last is a zero."""
    text = f"{views:.0f}" if abs(views) >= 10 else f"{views:.2g}"
    for unit, size in (("k", 1e3), ("M", 1e6)):
        if abs(views) >= size * 0.9995:
            digits = float(f"{views / size:.3g}")  # rounded first: 9.996k is 10.0k
            text = f"{digits:,.{2 if abs(digits) < 10 else 1 if abs(digits) < 100 else 0}f}{unit}"
    return text.replace("-", "−")


def format_three_digits(value: float) -> str:
    """Three digits, whatever the size, for what is compared with its like: 0.315, 47.8, 546, 1.09k."""
    return format_views(value) if abs(value) >= 999.5 else f"{value:.3g}".replace("-", "−")


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
