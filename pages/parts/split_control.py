"""The control for the split: which days a model learns from, and which it is judged on."""

import streamlit as st

from forecasting.messages import N_, BadInput, Translate, english
from forecasting.split import (
    LECTURE,
    YEAR,
    YEAR_2022,
    Period,
    Split,
    clipped,
    default_split,
    fits,
    last_part,
    why_last_part,
)
from pages.parts.links import reset_if_unavailable, warn_invalid_query_param


def choose_split(views, translate: Translate, *, key: str = "split", first: str = "") -> Split:
    """The split control, the one called `first` chosen at first where the data reach it.

    Raises BadInput where the chosen periods hold no views.
    """
    names = split_names(views, translate)
    default = first if first in names else next(iter(names))
    names = {default: names[default]} | names
    st.session_state.setdefault("worded", set()).add(key)
    warn_invalid_query_param(key, names.values(), translate)
    _follow_default(key, default)
    reset_if_unavailable(key, names, default)  # another channel may not reach the split before
    chosen = st.selectbox(
        translate(N_("Split: train / held-out")), names, format_func=names.__getitem__, key=key, bind="query-params"
    )
    if chosen != "custom":
        split = named_split(chosen, views)
        st.caption(f"{split.train.first} – {split.train.last} / {split.held_out.first} – {split.held_out.last}")
        if chosen == "last" and (why := why_last_part(views)):
            st.caption(why.translated(translate))
        return split
    start = default_split(views)
    train = _period(translate(N_("Training period")), "train_period", start.train, views, translate)
    held_out = _period(translate(N_("Held-out period")), "held_out_period", start.held_out, views, translate)
    return clipped(Split(train, held_out), views)


def named_split(name: str, views) -> Split:
    """The split of a name in `split_names`, all but "custom"."""
    return clipped({"2022": YEAR_2022, "lecture": LECTURE}.get(name) or last_part(views), views)


def name_of_split(split: Split, views) -> str:
    """Its name where it has one on these views, else "custom"."""
    names = (name for name in split_names(views, english) if name != "custom" and named_split(name, views) == split)
    return next(names, "custom")


def split_in_url(split: Split, views, translate: Translate) -> dict[str, list[str]]:
    """The control's parameters for a split."""
    name = name_of_split(split, views)
    query = {"split": [split_names(views, translate)[name]]}
    if name != "custom":
        return query
    periods = {"train_period": split.train, "held_out_period": split.held_out}
    return query | {key: [str(period.first), str(period.last)] for key, period in periods.items()}


def take_split(split: Split, views) -> None:
    """Set the control to a split: by its name where it has one here, else by its days."""
    st.session_state.split = name_of_split(split, views)
    if st.session_state.split == "custom":
        st.session_state.train_period = (split.train.first, split.train.last)
        st.session_state.held_out_period = (split.held_out.first, split.held_out.last)


def _follow_default(key: str, default: str) -> None:
    """Whoever left the split of the channel before at its default wants that of this one."""
    before = st.session_state.get(f"default_{key}")
    if before not in (None, default) and st.session_state.get(key) == before:
        st.session_state[key] = default
    st.session_state[f"default_{key}"] = default


def split_names(views, translate: Translate) -> dict[str, str]:
    """The splits that the data reach, the default first."""
    last = last_part(views)
    names = {
        "2022": translate(N_("2021 / 2022")),
        "lecture": translate(N_("2017–2020 / 2021 (lecture)")),
        "last": translate(N_("Last year") if last.held_out.days == YEAR else N_("Last fifth")),
    }
    reached = {name: fits(split, views) for name, split in (("2022", YEAR_2022), ("lecture", LECTURE))}
    reached["last"] = not (reached["2022"] and clipped(YEAR_2022, views) == last)  # the same by another name
    default = "last" if why_last_part(views) else "2022"
    offered = sorted((name for name in names if reached[name]), key=lambda name: name != default)
    return {name: names[name] for name in offered} | {"custom": translate(N_("Custom"))}


def _period(label: str, key: str, start: Period, views, translate: Translate) -> Period:
    first, last = views.index[0].date(), views.index[-1].date()
    warn_invalid_query_param(key, (str(first), str(last)), translate)
    days = st.date_input(
        label, (start.first, start.last), first, last, key=key, bind="query-params", format="YYYY-MM-DD"
    )
    if len(days) != 2:
        raise BadInput(N_("Choose the last day of the period too."))
    return Period(*days)
