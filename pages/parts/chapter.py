"""A chapter of the walkthrough: the same parts in the same order on every page, and its controls in the URL.

Title and idea; left the controls (at most four) and the presets, right the picture, the formula and the verdict (on a
phone the picture comes first); below, room for `more` pictures, the lecture's figure beside this channel's, which step
of learning the chapter changes, the way to Train, and the strip to the other chapters. At most 180 words a page. A page
reads:

    chapter = open_chapter("bend_the_line")        # its slug in pages/parts/chapters.py; draws title and idea
    translate = chapter.translate
    PRESETS = (Preset(N_("Two pieces"), N_("One corner: look at the remaining error."), {"pieces": 2}), ...)

    def experiment() -> None:                      # a fragment: drawn anew at every gesture
        pieces = chapter.slider("pieces", N_("Pieces"), 1, 12, 4)
        corner = chapter.point("corner", (0.5, 1.0), low=(0, 0), high=(1, 2))
        fit = fitted(chapter.session.channel.fingerprint, pieces, corner)       # st.cache_data, from forecasting/
        with chapter.picture:
            stage("stage", x=..., y=..., lines=[...], handles=[Handle("corner", corner, translate("Corner"))],
                  on_move=chapter.keep_point, alt=translate("..."), translate=translate)
        chapter.formula(rf"y = {corner[1]:.2f} ...")
        chapter.verdict(fit.claim)                 # forecasting.lectures.claims.Claim
        chapter.beside_lecture([(N_("Loss"), "480", format_views(fit.loss))])
        chapter.open_in_train(family="linear", window=1, loss="mae")

    chapter.run(experiment, PRESETS)               # draws it, then the strip

Each of `picture`, `more`, `formula`, `verdict`, `beside_lecture` and `open_in_train` draws into its own place, whatever
is called first. A control's name is its key in the URL; `hide=pieces,corner` there draws none for it, and its value is
then parsed from the URL within the same bounds. A handle's name is its point's; a stage's key is unlike other stages'.
In AppTest a handle is moved by its query parameter. BadInput raised in the experiment is shown in the picture's place;
`chapter.default_split` raises it for a channel that is too short.
What takes more than 100 ms is a worker's: `chapter.job(Request(...), Result, start=N_("Train"))` is None until it is
done, and the experiment draws what it can without.

A chapter of several parts asks `chapter.part({...})` which one is open, draws that, and ends with `chapter.close()`
where it has run no experiment.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.troubles import if_answered
from forecasting.lectures.claims import ANSWERS, Claim, found_with_interval
from forecasting.messages import N_, BadInput, Translate
from forecasting.split import Split, default_split
from forecasting.windows import FEWEST_CHANNEL_DAYS
from pages.parts.chapters import CHAPTERS, CONTENTS, EARLIER_PARTS, PURPOSES, STEPS, Entry, numbered
from pages.parts.job_progress import find, result_of, show_job, submit
from pages.parts.links import escape_markdown, reset_if_unavailable, warn_invalid_query_param
from pages.parts.run_group import RunGroup
from pages.parts.session import Session, open_page
from pages.parts.settings_form import in_url
from pages.parts.split_control import choose_split, named_split, split_names

Value = TypeVar("Value")
Option = TypeVar("Option", bound=str)
Number = TypeVar("Number", int, float)
Point = tuple[float, float]

TINY = 1e-12  # what a value on a logarithmic axis is at least
HANDED_ON = ("hide", "lang", "channel", "split")  # from chapter to chapter
# On a phone columns stand in the order in which they are written: the picture first, which is on the right elsewhere.
PICTURE_ON_THE_RIGHT = """<style>
@media (min-width: 641px) { .st-key-chapter > * > [data-testid="stHorizontalBlock"] { flex-direction: row-reverse } }
</style>"""
LOOKS = {
    "holds": (st.success, ":material/check_circle:"),
    "does not hold here": (st.warning, ":material/do_not_disturb_on:"),
    "cannot tell": (st.info, ":material/help:"),
}


@dataclass(frozen=True)
class Preset:
    """A setting worth seeing. `look_for` says in one sentence what to look for; both texts are marked with N_.

    `values` are by name of the control; of a point or a place they are tuples, of a day a date. What is not named stays
    as it is.
    """

    label: str
    look_for: str
    values: Mapping[str, Any]


def open_chapter(slug: str) -> "Chapter":
    """Begin a chapter's page: title and idea are drawn."""
    number, entry = numbered(slug)
    chapter = Chapter(open_page(), entry, number)
    st.html(PICTURE_ON_THE_RIGHT)
    st.title(f"{number} · {chapter.translate(entry.title)}")
    st.caption(chapter.translate(entry.idea))
    chapter.note("opened")
    return chapter


class Chapter:
    """One visitor's page of a chapter."""

    def __init__(self, session: Session, entry: Entry, number: int) -> None:
        self.session, self.entry, self.number = session, entry, number
        self.translate = session.translate
        self._whole_run = True  # until the experiment is drawn anew by itself

    def part(self, parts: Mapping[Option, str]) -> Option:
        """Which part of the chapter is open, the first at first; `parts` maps each to its name, marked with N_."""
        names = {part: self.translate(name) for part, name in parts.items()}
        earlier = {word: part for word, now in EARLIER_PARTS.items() for part, name in parts.items() if name == now}
        first = next(iter(names))
        if self.hides("part"):
            return self._parsed("part", first, (_by_word(names) | earlier).__getitem__)
        st.session_state.setdefault("worded", set()).add("part")
        if (linked := st.query_params.get("part")) in earlier:
            st.session_state.part = earlier[linked]
        reset_if_unavailable("part", names, first)
        warn_invalid_query_param("part", [*names.values(), *earlier], self.translate)
        return st.segmented_control(
            self.translate(N_("Part of the chapter")),
            names,
            format_func=names.__getitem__,
            default=first,
            required=True,
            key="part",
            bind="query-params",
            label_visibility="collapsed",
        )

    def run(self, experiment: Callable[[], None], presets: Sequence[Preset] = ()) -> None:
        """Draw the experiment, which is drawn anew by itself at every gesture, and what stands below it."""
        st.fragment(self._draw)(experiment, presets)
        self.close()

    def _draw(self, experiment: Callable[[], None], presets: Sequence[Preset]) -> None:
        if st.session_state.pop("other_part", False):  # a preset has opened it, and it is drawn outside this fragment
            st.rerun()
        with st.container(key="chapter"):
            wide, narrow = st.columns([3, 1], gap="medium")
        self.picture, self._formula, self._verdict = (wide.container() for _part in range(3))  # `more` is for others
        self._controls, self._presets = narrow.container(), narrow.container()
        self.more, self._lecture, self._train = (st.container() for _part in range(3))
        with self._presets:
            self._offer(presets)
        try:
            experiment()
        except BadInput as unusable:
            self.picture.warning(escape_markdown(unusable.translated(self.translate)), icon=":material/event_busy:")
        self._whole_run = False

    @property
    def default_split(self) -> Split:
        """The channel's split where a chapter offers no other.

        Raises BadInput, with the days that lack, where nothing is left to train on.
        """
        views = self.session.channel.views
        if len(views) < FEWEST_CHANNEL_DAYS:
            text = N_("The channel has {days} days of views; this chapter needs at least {needed}.")
            raise BadInput(text, days=len(views), needed=FEWEST_CHANNEL_DAYS)
        return default_split(views)

    def say_default_split(self) -> None:
        """Which days the chapter trains on and which it holds out, below the picture that shows what came of it."""
        self.say_split(self.default_split)

    def say_split(self, split: Split) -> None:
        """The same of another split."""
        text = self.translate(N_("Trained to {cut}, held out {first} to {last}."))
        st.caption(text.format(cut=split.train.last, first=split.held_out.first, last=split.held_out.last))

    # Parts

    def formula(self, latex: str) -> None:
        """The formula as it stands now."""
        self._formula.latex(latex)

    def verdict(self, *claims: Claim) -> None:
        """What the lecture claims, and whether it holds here."""
        with self._verdict:
            for claim in claims:
                draw_claim(claim, self.translate)

    def beside_lecture(
        self,
        figures: Sequence[tuple[str, str, str]],
        *,
        lecture: str = N_("Lecture, its channel"),
        ours: str = N_("This channel"),
    ) -> None:
        """The lecture's figures beside one's own: (what, the lecture's, ours); `what` and both heads are marked."""
        heads = ("", self.translate(lecture), self.translate(ours))
        rows = [heads, ("---", "---:", "---:")]
        rows += [(self.translate(what), theirs, own) for what, theirs, own in figures]
        self._lecture.markdown("\n".join(f"| {' | '.join(row)} |" for row in rows), width="content")

    def open_in_train(self, **settings: object) -> None:
        """A link to Train that carries settings over, by their names in RunSettings."""
        query = {name: [in_url(name, value, self.translate)] for name, value in settings.items()}
        self._train.page_link(
            "pages/train.py",
            label=self.translate(N_("Open in Train")),
            icon=":material/model_training:",
            query_params=handed_on() | query,
        )

    def job(
        self, request: object, kind: type[Value], *, start: str = "", draw: Callable[[Value], None] | None = None
    ) -> Value | None:
        """What a worker makes of a request, once it is done; its progress stands in the picture's place until then.

        It is submitted at once, or by a button whose label is `start` (marked with N_). `draw` shows what is known so
        far; the page is drawn anew when the job has ended. A result that is in the store is there at once.
        """
        found = find(self.session, request)
        if found is None and not start:
            self._submit(request)
        with self.picture:
            if found is None or found.status in ("stopped", "failed"):
                label = self.translate(start or N_("Start again"))
                if st.button(label, key="start", icon=":material/play_arrow:", type="primary"):
                    self._submit(request)
            if found and found.active and not self._whole_run:
                st.rerun()  # Streamlit looks again and again only at what a run of the whole page has begun
            if found and found.status != "finished":
                show_job(self.session, found, kind, draw or (lambda _known: None))
        return result_of(self.session, found, kind) if found and found.status == "finished" else None

    def watch(self, group: RunGroup) -> None:
        """How far runs have come, below the picture, as long as any is trained; as each ends the page is drawn anew."""
        if group.active():
            if not self._whole_run:
                st.rerun()  # as for a job
            with self.picture:
                group.watch(group.draw_progress)

    def _submit(self, request: object) -> None:
        """Have a worker begin, and draw the whole page anew."""
        if submit(self.session, request):
            self.note("tried")
            st.rerun()

    # Controls

    def slider(self, name: str, label: str, low: Number, high: Number, default: Number, **look: Any) -> Number:
        """A number from `low` to `high`; `look` is st.slider's."""
        if self.hides(name):
            kind = type(default)
            return self._parsed(name, default, lambda text: kind(np.clip(kind(float(text)), low, high)))
        self._forget(name, lambda value: isinstance(value, int | float) and low <= value <= high)
        warn_invalid_query_param(name, (low, high), self.translate)
        words = self.translate(label)
        return self._controls.slider(words, low, high, default, **self._bound(name), **look)

    def select_slider(
        self, name: str, label: str, options: Sequence[Value], default: Value, text: Callable = "{:g}".format
    ) -> Value:
        """One of a row of values, shown (and in the URL) as `text` has it."""
        texts = {text(option): option for option in options}
        if self.hides(name):
            return self._parsed(name, default, texts.__getitem__)
        self._forget(name, options.__contains__)
        warn_invalid_query_param(name, texts, self.translate)
        words = self.translate(label)
        return self._controls.select_slider(words, options, default, format_func=text, **self._bound(name))

    def choice(self, name: str, label: str, options: Mapping[Option, str], default: Option) -> Option:
        """One of a few; `options` maps each to its word, marked with N_. The URL has the word, or the option itself."""
        words = {option: self.translate(word) for option, word in options.items()}
        if self.hides(name):
            return self._parsed(name, default, _by_word(words).__getitem__)
        st.session_state.setdefault("worded", set()).add(name)
        reset_if_unavailable(name, words, default)
        warn_invalid_query_param(name, words.values(), self.translate)
        place = [*words].index(default)
        label = self.translate(label)
        return self._controls.selectbox(label, words, place, format_func=words.__getitem__, **self._bound(name))

    def switch(self, name: str, label: str, default: bool = False) -> bool:
        """On or off."""
        if self.hides(name):
            return self._parsed(name, default, {"true": True, "false": False}.__getitem__)
        self._forget(name, lambda value: isinstance(value, bool))
        return self._controls.toggle(self.translate(label), default, **self._bound(name))

    def place(self, name: str, default: float, low: float, high: float) -> float:
        """Where a handle that moves along x stands, kept in the URL by `keep_place`."""

        def parse(text: str) -> float:
            if not np.isfinite(float(text)):
                raise ValueError(text)
            return float(np.clip(float(text), low, high))

        return self._parsed(name, default, parse)

    def keep_place(self, name: str, at: Point) -> None:
        """A handle that moves along x has been let go."""
        st.query_params[name] = _text(at[:1])
        self.note("tried")

    def day(self, name: str, default: date, first: date, last: date) -> date:
        """The day on which a handle stands, kept in the URL by `keep_day`."""
        return self._parsed(name, default, lambda text: min(max(date.fromisoformat(text), first), last))

    def keep_day(self, name: str, day: date) -> None:
        """A handle that stands on a day has been let go."""
        st.query_params[name] = str(day)
        self.note("tried")

    def point(self, name: str, default: Point, low: Point, high: Point) -> Point:
        """Where a handle of the picture stands, kept in the URL; give `keep_point` to `stage` as `on_move`."""

        def parse(text: str) -> Point:
            a, b = (float(part) for part in text.split(","))
            if not np.isfinite([a, b]).all():
                raise ValueError(text)
            return float(np.clip(a, low[0], high[0])), float(np.clip(b, low[1], high[1]))

        return self._parsed(name, default, parse)

    def keep_point(self, name: str, at: Point) -> None:
        """A handle has been let go."""
        st.query_params[name] = _text(at)
        self.note("tried")

    def set_value(self, name: str, value: object) -> None:
        """A handle of the picture has set a control: to be called where the handle has been let go (`on_move`)."""
        self._set(name, value)
        self.note("tried")

    def split(self) -> Split:
        """The split control; which days are trained on and which held out. Raises BadInput where it holds no views."""
        views = self.session.channel.series.views
        if self.hides("split"):
            names = {word: name for name, word in split_names(views, self.translate).items() if name != "custom"}
            return self._parsed("split", default_split(views), lambda word: named_split(names[word], views))
        with self._controls:
            return choose_split(views, self.translate)

    def number_or_all(self, number: int) -> str:
        """A number of days or of examples as a control shows it: 0 is all of them."""
        return f"{number}" if number else self.translate(N_("all"))

    def hides(self, name: str) -> bool:
        """Whether the link leaves a control out."""
        return name in st.query_params.get("hide", "").split(",")

    def note(self, stage: str) -> None:
        """Remember how far this visitor has come: "opened", then "tried" after a gesture."""
        known = st.session_state.setdefault("noted_chapters", {})
        if known.get(self.entry.slug) not in (stage, "tried"):
            known[self.entry.slug] = stage
            chapters, owner = ChapterStore(self.session.store.engine), self.session.owner
            if_answered(lambda: chapters.note(owner, self.entry.slug, tried=stage == "tried"))

    @property
    def tried(self) -> bool:
        """Whether this visitor has made a gesture here: what is to be found by hand first is shown only then."""
        return st.session_state.get("noted_chapters", {}).get(self.entry.slug) == "tried"

    def _bound(self, name: str) -> dict[str, Any]:
        return {"key": name, "bind": "query-params", "on_change": self.note, "args": ("tried",)}

    def _parsed(self, name: str, default: Value, parse: Callable[[str], Value]) -> Value:
        try:
            return parse(st.query_params[name])
        except (KeyError, ValueError):
            return default

    def _forget(self, name: str, allowed: Callable[[Any], bool]) -> None:
        """A key may come from another page with a value that is none here."""
        if name in st.session_state and not allowed(st.session_state[name]):
            del st.session_state[name]

    # Presets and the strip

    def _offer(self, presets: Sequence[Preset]) -> None:
        for place, preset in enumerate(presets):
            st.button(
                self.translate(preset.label),
                key=f"preset-{place}",
                on_click=self._take,
                args=(preset,),
                width="stretch",
            )
            st.caption(self.translate(preset.look_for))

    def _take(self, preset: Preset) -> None:
        self.note("tried")
        if "part" in preset.values and preset.values["part"] != st.session_state.get("part"):
            st.session_state.other_part = True
        for name, value in preset.values.items():
            self._set(name, value)

    def _set(self, name: str, value: object) -> None:
        if isinstance(value, tuple | date) or self.hides(name):
            st.query_params[name] = _text(value)
        else:
            st.session_state[name] = value

    def close(self) -> None:
        """Which step of learning the chapter changes, and the strip to the other chapters."""
        st.caption(f"{self.translate(STEPS[self.entry.changes])} · {self.translate(PURPOSES[self.entry.serves])}")
        before, contents, after = st.columns(3)
        if self.number > 1:
            self._link(before, CHAPTERS[self.number - 2], ":material/arrow_back:")
        contents.page_link(
            CONTENTS,
            label=self.translate(N_("Contents")),
            icon=":material/apps:",
            query_params=handed_on(),
        )
        if self.number < len(CHAPTERS):
            self._link(after, CHAPTERS[self.number], ":material/arrow_forward:")

    def _link(self, column, entry: Entry, icon: str) -> None:
        column.page_link(entry.page, label=self.translate(entry.title), icon=icon, query_params=handed_on())


def nearest(values: Sequence[Number], wanted: float) -> Number:
    """The one of some values above 0 that is nearest in the logarithm, as a handle on a logarithmic axis has it."""
    return min(values, key=lambda value: abs(np.log(value / max(wanted, TINY))))


def handed_on() -> dict[str, list[str]]:
    """What a link from chapter to chapter takes along."""
    return {name: st.query_params.get_all(name) for name in HANDED_ON if name in st.query_params}


def draw_claim(claim: Claim, translate: Translate) -> None:
    """A claim with its answer."""
    draw, icon = LOOKS[claim.answer]
    draw(_said(claim, translate), icon=icon)


def _said(claim: Claim, translate: Translate) -> str:
    """A claim in a line: answer, claim, what was found, its interval or what is lacking."""
    facts = {"answer": translate(ANSWERS[claim.answer]), "claim": translate(claim.name)}
    sentence = translate(N_("**{answer}**: {claim}. {found}"))
    return sentence.format(**facts, found=escape_markdown(found_with_interval(claim, translate)))


def _text(value: object) -> str:
    """A value as the URL has it."""
    if isinstance(value, tuple):
        return ",".join(f"{part:.4g}" for part in value)
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _by_word(words: Mapping[Option, str]) -> dict[str, Option]:
    """Options by their word, and by themselves, as a link may have either."""
    return {word: option for option, word in words.items()} | {option: option for option in words}
