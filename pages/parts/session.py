"""What every page shares: language, channel, split, the run store and its workers. The only file here not a page."""

import gettext
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from forecasting.errors import N_, BadInput
from forecasting.jobs import Jobs
from forecasting.judging.baselines import baseline_losses
from forecasting.reading import SUM_OF_ALL
from forecasting.runs import RunStore, Source, StudyStore
from forecasting.sample import floor, sample_channel
from forecasting.settings import RunSettings
from forecasting.split import LECTURE, YEAR_2022, Period, Split, clipped, default_split, fits, last_part
from forecasting.views import Channel
from forecasting.windows import run_windows

LANGUAGES = {"en": "English", "zh": "中文"}
LOCALE = Path(__file__).parent.parent / "locale"
# Choices whose labels are words: a change of language gives them new labels, so their values are set anew with it.
WORDED = (
    "channel",
    "split",
    "family",
    "loss",
    "optimizer",
    "schedule",
    "subtract",
    "country",
    "run",
    "along",
    "against",
    "forecaster",
    "holidays",
    "models",
    "fold_kind",
)


@dataclass(frozen=True)
class Session:
    """One visitor's view of the app."""

    say: Callable[[str], str]  # gettext
    language: str
    owner: str  # whose channels and runs these are
    store: RunStore
    studies: StudyStore
    jobs: Jobs
    channel: Channel

    def weekdays(self) -> list[str]:
        """Short weekday names, Monday first."""
        from babel.dates import get_day_names  # noqa: PLC0415  40 ms, and only where a weekday is shown

        names = get_day_names("abbreviated", locale=self.language)  # {0: "Mon", ...}, in any order
        return [names[day] for day in range(7)]


def open_page() -> Session:
    """What a page calls first."""
    if PagesManager.uses_pages_directory:
        # A fresh server whose first visitor comes by a deep link has run this page without app.py, because a folder
        # named pages switches Streamlit's old discovery on until st.navigation has run once.
        PagesManager.uses_pages_directory = False
        st.rerun()
    language = st.session_state.get("lang") or browser_language()
    return Session(translator(language), language, owner(), store(), StudyStore(store()), jobs(), current_channel())


# Language


def choose_language() -> Callable[[str], str]:
    """The switch in the sidebar; the language goes into the URL, so that a copied link opens with the same words."""
    st.session_state.lang = st.session_state.get("lang") or browser_language()
    st.segmented_control(
        "Language · 语言",
        LANGUAGES,
        format_func=LANGUAGES.get,
        key="lang",
        bind="query-params",
        default=None,
        on_change=_relabel,
        label_visibility="collapsed",
    )
    return translator(st.session_state.lang or browser_language())


def browser_language() -> str:
    """Chinese where the browser asks for it, else English."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def _relabel() -> None:
    for key in WORDED:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


@st.cache_resource
def translator(language: str) -> Callable[[str], str]:
    """gettext for a language; the catalogue is compiled as it is read, so none lies around compiled and out of date."""
    catalogue = LOCALE / f"{language}.po"
    if not catalogue.exists():
        return str
    from babel.messages import mofile, pofile  # noqa: PLC0415  once a server

    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(catalogue.open("rb"), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled).gettext


# Whose


def owner() -> str:
    """One person on a loopback server; elsewhere the signed-in user, else the browser session."""
    if st.get_option("server.address") in ("127.0.0.1", "localhost", "::1"):
        return "local"
    if st.user.get("is_logged_in") and st.user.get("email"):
        return _digest(st.user.email)
    return _digest(browser_token())


def browser_token() -> str:
    """A random token that Streamlit's cookie gives every browser; without cookies the tab has its own.

    The cookie is masked anew on every load; the token under the mask stays.
    """
    from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string  # noqa: PLC0415  internal

    token, _made = decode_xsrf_token_string(st.context.cookies.get("_streamlit_xsrf") or "")
    return token.hex() if token else st.session_state.setdefault("token", os.urandom(16).hex())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


# Runs


@st.cache_resource
def store() -> RunStore:
    """The run store at VIEWCAST_STORE, by default SQLite in .viewcast beside app.py."""
    folder = Path(__file__).parent.parent.parent / ".viewcast"
    folder.mkdir(exist_ok=True)
    return RunStore(os.environ.get("VIEWCAST_STORE") or f"sqlite:///{(folder / 'runs.db').as_posix()}")


@st.cache_resource
def jobs() -> Jobs:
    """The workers of this server, warmed as soon as the first page is open."""
    workers = Jobs(store().url, slots=int(os.environ.get("VIEWCAST_WORKERS") or 0) or None)
    workers.warm()
    return workers


# Channel

SAMPLE = "sample"


def current_channel() -> Channel:
    """The channel chosen in the sidebar, else the sample."""
    chosen = st.session_state.get("channel") or SAMPLE
    return sample_channel() if chosen == SAMPLE else store().channel(owner(), chosen) or sample_channel()


def choose_channel(say: Callable[[str], str]) -> None:
    """The channels of this visitor, the sample first."""
    names = {SAMPLE: say(sample_channel().name)} | _own_channels(say)
    note_bad_link("channel", names.values(), say)
    fall_back("channel", names, SAMPLE)
    st.selectbox(say(N_("Channel")), names, format_func=names.get, key="channel", bind="query-params")


def _own_channels(say: Callable[[str], str]) -> dict[str, str]:
    own = store().channels(owner())
    own.pop(sample_channel().fingerprint, None)
    names: dict[str, str] = {}
    for fingerprint, (name, file) in reversed(own.items()):  # oldest first, so that an old name keeps its number
        shown = f"{Path(file).stem} ({say(name)})" if name == SUM_OF_ALL and file else name
        names[fingerprint] = unlike(shown, [say(sample_channel().name), *names.values()])
    return dict(reversed(names.items()))


def keep_channel(channel: Channel, source: Source) -> None:
    """Save a channel just read and make it the current one."""
    store().save_channel(owner(), channel, source)
    st.session_state.channel = channel.fingerprint


def unlike(name: str, taken: list[str]) -> str:
    """`name`, with a number where it is taken: a choice and its URL need different names for different things."""
    numbered, number = name, 2
    while numbered in taken:
        numbered, number = f"{name} ({number})", number + 1
    return numbered


# What a loss is held against


@st.cache_data(max_entries=256, show_spinner=False)
def references(_channel: Channel, fingerprint: str, settings: RunSettings) -> tuple[dict[str, float], float | None]:
    """Losses in views, on the held-out days, of the baselines (by name) and of the floor where it is known.

    Raises BadInput where the split holds no window of the settings' length.
    """
    loss = settings.training.loss
    judged = run_windows(_channel.views, settings, _channel.filled).held_out
    lowest = floor(_channel, judged.days, loss) if judged.horizon == 1 else None
    return baseline_losses(_channel.views, judged, loss), lowest


# Split


def choose_split(views, say: Callable[[str], str]) -> Split:
    """The split control. Raises BadInput where the chosen periods hold no views."""
    names = split_names(views, say)
    note_bad_link("split", names.values(), say)
    fall_back("split", names, next(iter(names)))  # another channel may not reach the split before
    chosen = st.selectbox(
        say(N_("Split: train / held-out")), names, format_func=names.get, key="split", bind="query-params"
    )
    if chosen != "custom":
        split = clipped({"2022": YEAR_2022, "lecture": LECTURE}.get(chosen) or last_part(views), views)
        st.caption(f"{split.train.first} – {split.train.last} / {split.held_out.first} – {split.held_out.last}")
        return split
    start = default_split(views)
    train = _period(say(N_("Training period")), "train_period", start.train, views, say)
    held_out = _period(say(N_("Held-out period")), "held_out_period", start.held_out, views, say)
    return clipped(Split(train, held_out), views)


def split_names(views, say: Callable[[str], str]) -> dict[str, str]:
    """The splits that the data reach, the default first."""
    names = {
        "2022": say(N_("2021 / 2022")),
        "lecture": say(N_("2017–2020 / 2021 (lecture)")),
        "last": say(N_("Last part (2022 is not reached)")),
    }
    reached = {name: fits(split, views) for name, split in (("2022", YEAR_2022), ("lecture", LECTURE))}
    offered = [name for name in names if reached.get(name, not reached["2022"])]
    offered.sort(key=lambda name: name == "lecture")
    return {name: names[name] for name in offered} | {"custom": say(N_("Custom"))}


def _period(label: str, key: str, start: Period, views, say: Callable[[str], str]) -> Period:
    first, last = views.index[0].date(), views.index[-1].date()
    note_bad_link(key, (str(first), str(last)), say)
    days = st.date_input(
        label, (start.first, start.last), first, last, key=key, bind="query-params", format="YYYY-MM-DD"
    )
    if len(days) != 2:
        raise BadInput(N_("Choose the last day of the period too."))
    return Period(*days)


# Links


def note_bad_link(key: str, allowed, say: Callable[[str], str]) -> None:
    """Say so when the URL asks for what cannot be; the widget that follows falls back to its default by itself.

    Only once a visit: later it is a control and not a link that is out of date.
    """
    noted = st.session_state.setdefault("noted", set())
    if key in noted:
        return
    noted.add(key)
    asked = st.query_params.get_all(key)  # a period has two
    if all(_within(one, *allowed) if isinstance(allowed, tuple) else one in allowed for one in asked):
        return
    note = say(N_("The link asks for {key} = {asked}, which is not possible here; the default is used."))
    st.toast(plain(note.format(key=key, asked=" – ".join(asked)[:40])), icon=":material/link_off:", duration="long")


def plain(text: str) -> str:
    """Text from a file or a link, shown as it is: a header shall not become a picture or a formula."""
    return re.sub(r"([\\`*_\[\]()#!<>$~|:])", r"\\\1", text)


def fall_back(key: str, offered: Iterable, default: object) -> None:
    """Set a control whose value is no longer offered back to its default, for the browser too."""
    if st.session_state.get(key, default) not in (None, default, *offered):
        st.session_state[key] = default


def _within(text: str, low: float | str, high: float | str) -> bool:
    """Whether a number, or a day as ISO text, lies between two of its kind."""
    try:
        return low <= (date.fromisoformat(text).isoformat() if isinstance(low, str) else float(text)) <= high
    except ValueError:
        return False
