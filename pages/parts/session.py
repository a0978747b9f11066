"""What every page shares: language, channel, split, the run store and its workers. The only file here not a page."""

import gettext
import io
import math
import os
import time
from collections.abc import Callable, Collection, Container
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from forecasting.evaluation.baselines import baseline_losses
from forecasting.hosting import Hosting, read_hosting
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import open_store, url_of
from forecasting.jobs.machine import worker_memory
from forecasting.jobs.owners import note_visit
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.troubles import READ_ONLY, StoreTrouble, trouble_of
from forecasting.messages import N_, BadInput, Message, Translate, english
from forecasting.metric_names import in_metric
from forecasting.names import SUM_OF_ALL, distinct, name_in_words
from forecasting.records import Source
from forecasting.sample import floor, is_sample, sample_channel
from forecasting.series import Channel
from forecasting.settings import RunSettings
from forecasting.windows import run_windows
from pages.parts import identity
from pages.parts.links import escape_markdown, reset_if_unavailable

VISIT_SECONDS = 3600.0  # between two notes of an owner's visit
LANGUAGES = {"en": "English", "zh": "中文", "zh_TW": "繁體"}  # by the names of their catalogues
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
    "holidays_of",
    "assumed",
    "event_kind",
    "models",
    "fold_kind",
)
NOT_HERE = N_(
    "The link is to the channel “{name}”, which is not here: data do not travel with a link. Ask for the saved work of"
    " whoever sent it, and open it on “Your data”. The sample channel is shown."
)


@dataclass(frozen=True)
class Session:
    """One visitor's view of the app."""

    translate: Translate  # gettext, in the words of what the channel counts
    language: str
    owner: str  # whose channels and runs these are
    store: RunStore
    channels: ChannelStore
    jobs: JobStore
    workers: WorkerPool
    channel: Channel
    plain: Translate = english  # gettext alone: for what is not of this channel, as a file that cannot be read

    @property
    def channel_name(self) -> str:
        """What the channel is called, in the visitor's language where its name is not from a file."""
        return name_in_words(self.channel.name, self.plain)

    def versions(self) -> list[str]:
        """Fingerprints of the channel's versions, the one shown first: older ones had fewer days or other events."""
        return self.channels.versions(self.owner, self.channel.fingerprint) or [self.channel.fingerprint]

    def weekdays(self) -> list[str]:
        """Short weekday names, Monday first."""
        from babel.dates import get_day_names  # noqa: PLC0415  40 ms, and only where a weekday is shown

        names = get_day_names("abbreviated", locale=self.language)  # {0: "Mon", ...}, in any order
        return [names[day] for day in range(7)]


def use_navigation() -> None:
    """Begin anew where Streamlit takes the files of `pages` for the pages, as on a fresh server for its first visitor.

    A folder of that name switches its old discovery on until st.navigation has run once. A deep link would then run its
    page without app.py, and the sidebar's controls would have other identities in the first run than later.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def open_page() -> Session:
    """What a page calls first."""
    use_navigation()
    language = st.session_state.get("lang") or browser_language()
    translate = translator(language)
    if name := st.session_state.get("removed_channel"):
        text = translate(N_("The channel “{name}” has been removed. The sample channel is shown; choose another one."))
        st.warning(escape_markdown(text.format(name=name)), icon=":material/delete:")
    if name := st.session_state.get("linked_channel"):
        st.warning(escape_markdown(translate(NOT_HERE).format(name=name)), icon=":material/link_off:")
    if said := _opened_store()[1]:
        st.warning(escape_markdown(said.translated(translate)), icon=":material/database_off:")
    if hosting().hosted:
        _note_visit(owner(), int(time.time() // VISIT_SECONDS))
    channel = current_channel()
    return Session(
        translate=in_metric(translate, channel.metric),
        language=language,
        owner=owner(),
        store=store(),
        channels=channel_store(),
        jobs=JobStore(store().engine, limits()),
        workers=workers(),
        channel=channel,
        plain=translate,
    )


@st.cache_data(max_entries=10_000, show_spinner=False)
def _note_visit(owner: str, hour: int) -> None:
    """Once an hour: what a browser left long ago goes."""
    note_visit(store().engine, owner)


def as_now(session: Session) -> Session:
    """The session for a callback, which has that of the run that drew its control.

    Where that run was cut short, as by a press while a file has just been taken in, the control is of an earlier run,
    and another channel is shown since.
    """
    return replace(session, owner=owner(), channel=current_channel())


def on_current(session: Session, act: Callable[..., object], *about: object) -> Callable[[], None]:
    """A control's callback: `act(session, *about)` on the channel that is shown as it is pressed, whichever it is."""

    def callback() -> None:
        act(as_now(session), *about)

    return callback


def if_current(session: Session, act: Callable[..., object], *about: object) -> Callable[[], None]:
    """The same for what is meant for the channel that the control was drawn for: nothing where another one is shown.

    Another version of that channel is the same one, with other events or newer days. One that has been removed in
    another tab is missed aloud.
    """

    def callback() -> None:
        now = as_now(session)
        if now.owner == session.owner and session.channel.fingerprint in now.versions():
            act(now, *about)
        elif not is_sample(session.channel) and not session.channels.newest(now.owner, session.channel.fingerprint):
            _say_removed(session)

    return callback


# Language


def choose_language() -> Translate:
    """The switch in the sidebar; the language goes into the URL, so that a copied link opens with the same words."""
    st.session_state.lang = st.session_state.get("lang") or browser_language()
    st.segmented_control(
        "Language · 语言",
        LANGUAGES,
        format_func=LANGUAGES.__getitem__,
        key="lang",
        bind="query-params",
        default=None,
        on_change=_relabel,
        label_visibility="collapsed",
    )
    return translator(st.session_state.lang or browser_language())


def browser_language() -> str:
    """Chinese where the browser asks for it, in Traditional characters where those are read, else English."""
    return language_of(st.context.locale or "")


def language_of(locale: str) -> str:
    """The language of the pages for a browser's locale: zh-TW, zh-HK and zh-Hant read Traditional Chinese."""
    language, *parts = locale.lower().split("-")
    if language != "zh":
        return "en"
    return "zh_TW" if "hant" in parts or ({"tw", "hk", "mo"} & {*parts} and "hans" not in parts) else "zh"


def _relabel() -> None:
    for key in (*WORDED, *st.session_state.get("worded", ())):  # the chapters' choices add themselves
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


@st.cache_resource
def translator(language: str) -> Translate:
    """gettext for a language; the catalogue is compiled as it is read, so none lies around compiled and out of date."""
    catalogue = LOCALE / f"{language}.po"
    if not catalogue.exists():
        return english
    from babel.messages import mofile, pofile  # noqa: PLC0415  once a server

    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(catalogue.open("rb"), locale=language))
    compiled.seek(0)
    words = gettext.GNUTranslations(compiled)

    def translate(text: str, plural: str = "", count: int = 1, /) -> str:
        return words.ngettext(text, plural, count) if plural else words.gettext(text)

    return translate


# Limits


def hosting() -> Hosting:
    """What the host of this server allows. Raises BadInput where a variable of the environment cannot be used."""
    return read_hosting(st.get_option("server.address"))


def refuse_bad_hosting() -> None:
    """A server whose limits cannot be read shows why, and nothing else."""
    try:
        hosting()
    except BadInput as problem:
        st.error(escape_markdown(problem.translated(translator(browser_language()))), icon=":material/error:")
        st.stop()


# Whose


def owner() -> str:
    """The signed-in user, else the browser; on a server of one person's own that person."""
    found = identity.user()
    return found.owner if found else identity.browser()


# Runs


def limits() -> Hosting:
    """What the host allows, with the memory that a worker has."""
    return replace(hosting(), worker_memory=worker_memory() / 1e6)


def store() -> RunStore:
    """The run store at VIEWCAST_STORE, by default SQLite in .viewcast beside app.py, held to what the host allows."""
    return RunStore(_opened_store()[0].engine, limits())


@st.cache_resource
def _opened_store() -> tuple[RunStore, Message | None]:
    """Once a server; with what is to be said of it on every page."""
    engine, said = open_store(os.environ.get("VIEWCAST_STORE") or _own_store())
    return RunStore(engine), said


def _own_store() -> str:
    folder = Path(__file__).parent.parent.parent / ".viewcast"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreTrouble(READ_ONLY) from error
    return f"sqlite:///{(folder / 'runs.db').as_posix()}"


def store_answers() -> bool:
    """Whether the store can be opened, read and written now."""
    try:
        JobQueue(store().engine).hold([])
    except Exception as error:
        if trouble_of(error) is None:
            raise
        return False
    return True


def channel_store() -> ChannelStore:
    """The channels in the same store."""
    return ChannelStore(store().engine, limits())


@st.cache_resource
def workers() -> WorkerPool:
    """The workers of this server, warmed as soon as the first page is open."""
    allowed = hosting()
    slots = int(allowed.workers) if math.isfinite(allowed.workers) else None
    return WorkerPool(url_of(store().engine), slots, limits=allowed)


# Channel

SAMPLE_KEY = "sample"
LONGEST_SHOWN = 80  # letters of a name that a link brings


def current_channel() -> Channel:
    """The channel chosen in the sidebar, else the sample; of either its newest version."""
    chosen, sample = st.session_state.get("channel") or SAMPLE_KEY, sample_channel()
    newest = _newest_sample() if chosen == SAMPLE_KEY else channel_store().newest(owner(), chosen)
    if newest is None or newest == sample.fingerprint:
        return sample
    return channel_store().channel(owner(), newest) or sample


def choose_channel(translate: Translate) -> None:
    """The channels of this visitor, the sample first."""
    names = {SAMPLE_KEY: translate(sample_channel().name)} | own_channels(translate)
    _note_linked_channel(names.values())
    chosen = st.session_state.get("channel")
    if chosen and chosen not in names:  # it may have gone on in another tab
        chosen = st.session_state.channel = _newest_shown(chosen, names)
    if chosen in names:
        st.session_state.channel_name = names[chosen]
    elif chosen:  # removed in another tab, perhaps: every page says so until another one is chosen
        st.session_state.removed_channel = st.session_state.get("channel_name", chosen)
    reset_if_unavailable("channel", names, SAMPLE_KEY)
    if "channel" in st.session_state:  # only what is set in this very run reaches the URL, and not in a fragment's
        st.session_state.channel = st.session_state.channel
    st.selectbox(
        translate(N_("Channel")),
        names,
        format_func=names.__getitem__,
        key="channel",
        bind="query-params",
        on_change=_forget_removed,
    )


def _note_linked_channel(names: Collection[str]) -> None:
    """Remember a channel that a link names and that is not among one's own, until it is or another one is chosen."""
    if "linked_channel_noted" not in st.session_state:
        st.session_state.linked_channel_noted = True
        linked = st.query_params.get("channel")
        if linked and linked not in {*names, *(translator(language)(sample_channel().name) for language in LANGUAGES)}:
            st.session_state.linked_channel = linked[:LONGEST_SHOWN]
    if st.session_state.get("linked_channel") in names:
        del st.session_state["linked_channel"]


def _forget_removed() -> None:
    st.session_state.pop("removed_channel", None)
    st.session_state.pop("linked_channel", None)


def _newest_shown(chosen: str, names: Container[str]) -> str:
    """The key in `names` of the newest version of what was chosen; what was chosen itself where it is not there."""
    newest = channel_store().newest(owner(), chosen) or chosen
    return newest if newest in names else SAMPLE_KEY if newest == _newest_sample() else chosen


def _newest_sample() -> str:
    """Its fingerprint."""
    sample = sample_channel().fingerprint
    return channel_store().newest(owner(), sample) or sample


def own_channels(translate: Translate) -> dict[str, str]:
    """Fingerprint of the newest version -> name of the visitor's channels, all unlike each other, latest first."""
    own = channel_store().channels(owner())
    own.pop(_newest_sample(), None)
    oldest_first = dict(reversed(own.items()))  # so that an old name keeps its number
    names = [_shown_name(name, file, translate) for name, file in oldest_first.values()]
    _sample, *shown = distinct([translate(sample_channel().name), *names])
    return dict(reversed([*zip(oldest_first, shown, strict=True)]))


def _shown_name(name: str, file: str | None, translate: Translate) -> str:
    shown = name_in_words(name, translate)
    return f"{Path(file).stem} ({shown})" if name == SUM_OF_ALL and file else shown


def keep_channel(channel: Channel, source: Source | None, continues: str | None = None) -> None:
    """Save a channel just read and make it the current one; `continues` names a version that it goes on with."""
    channel_store().save(owner(), channel, source, continues=continues)
    st.session_state.channel = channel.fingerprint
    _forget_removed()


def make_current(fingerprint: str) -> None:
    """Make one of the visitor's channels the one that every page shows. In a callback only."""
    st.session_state.channel = fingerprint
    _forget_removed()


def source_of_channel(session: Session) -> Source | None:
    """The file of the channel shown; None, and the page says so, where the channel has been removed in another tab."""
    source = session.channels.source(session.owner, session.channel.fingerprint)
    if source is None:
        _say_removed(session)
    return source


def _say_removed(session: Session) -> None:
    text = N_("This channel has been removed; choose another one.")
    st.toast(session.translate(text), icon=":material/delete:", duration="long")


# What a loss is compared with


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs={RunSettings: hash})  # fields take 0.5 ms
def baseline_levels(
    _channel: Channel, fingerprint: str, settings: RunSettings
) -> tuple[dict[str, float], float | None]:
    """Losses in views, on the held-out days, of the baselines (by slug) and of the floor where it is known.

    Raises BadInput where the split holds no window of the settings' length.
    """
    loss = settings.training.loss
    judged = run_windows(_channel.series, settings).held_out
    lowest = floor(_channel, judged.days, loss) if judged.horizon == 1 else None
    return baseline_losses(_channel.series, judged, loss), lowest
