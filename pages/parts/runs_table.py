"""The table of runs on Compare: find them, tick, pin, rename, tag and delete them. No page either: Compare draws it."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.charts.marks import ROLES
from forecasting.evaluation.wording import MEAN_OF_SEEDS
from forecasting.jobs.runs import LONGEST_TAG
from forecasting.messages import N_
from forecasting.metrics import LOSS_NAMES
from forecasting.names import clean_name, name_in_words
from forecasting.records import Run
from forecasting.settings import CHOICES, SKLEARN_FAMILIES
from pages.parts.links import unique_name
from pages.parts.session import Session
from pages.parts.settings_form import LABELS, STATES

SHOWN_AT_FIRST = 4
NAMING = ("against", "diagnosed")  # choices among runs: set anew, they show a new name
NONE = "none"  # what the URL says where nothing is ticked
PINNED = ":material/keep:"
SHOWN_ANYWAY = (
    "family",
    "window",
    "layers",
    "units",
    "loss",
    "optimizer",
    "learning_rate",
    "batch_size",
    "seeds",
    "train",
    "held_out",
)


@dataclass(frozen=True)
class Filter:
    """What a run must have to be shown; an empty part asks for nothing."""

    words: list[str]
    states: list[str]
    tags: list[str]
    channels: list[str]

    def passes(self, run: Run, channel: str, text: str) -> bool:
        """Whether a run of this channel that can be found by `text` is shown."""
        return (
            (not self.states or run.status in self.states)
            and (not self.tags or bool(set(self.tags) & set(run.tags)))
            and (not self.channels or channel in self.channels)
            and all(word in text for word in self.words)
        )


class RunsTable:
    """One visitor's runs, of the channel or of all channels."""

    def __init__(self, session: Session) -> None:
        self.session, self.translate = session, session.translate
        self.all = session.store.runs(session.owner)
        self.opened = "delete" not in st.session_state  # drawn for the first time since the visitor came to the page
        newest, names = session.channels.newest_of_all(session.owner), session.channels.channels(session.owner)
        self.newest = {run.fingerprint: newest.get(run.fingerprint, run.fingerprint) for run in self.all}
        self.channels = {key: name_in_words(name, session.plain) for key, (name, _file) in names.items()}

    def choose(self) -> list[Run]:
        """Draw it; the runs ticked, which the URL keeps. A ticked run that a filter hides stays ticked."""
        translate, bar = self.translate, st.container(horizontal=True, vertical_alignment="center")
        with bar, st.popover(translate(N_("Filter")), icon=":material/filter_list:"):
            scope, shown = self.filters()
        self.scope = scope
        if not scope:
            return []
        ticked_before = self.ticked_before(scope)
        ticked = [shown[row].id for row in self.draw(shown, ticked_before)]
        hidden = [run.id for run in scope if run.id in ticked_before and run not in shown]
        chosen = [run for run in scope if run.id in (*ticked, *hidden)]
        self.link([run.id for run in chosen])
        with bar:
            self.edit([run for run in chosen if run in shown])  # nothing is deleted that is not in sight
            if len(shown) < len(scope):
                count = translate(N_("{shown} of {all} runs.")).format(shown=len(shown), all=len(scope))
                ticked_too = translate(N_("{count} ticked runs are hidden.")).format(count=len(hidden))
                st.caption(f"{count} {ticked_too}" if hidden else count)
        return chosen

    # Which runs

    def filters(self) -> tuple[list[Run], list[Run]]:
        """The runs of the channels asked for, and those of them that pass the filters."""
        translate = self.translate
        words = st.text_input(
            translate(N_("Find")),
            key="find",
            bind="query-params",
            placeholder=translate(N_("Name, model, channel or tag")),
        )
        everything = st.toggle(translate(N_("Runs of all channels")), key="all", bind="query-params")
        versions = self.session.versions()
        scope = [run for run in self.all if everything or run.fingerprint in versions]
        scope = [replace(run, name=name) for run, name in zip(scope, self.names_of(scope), strict=True)]
        states = self.pick("states", translate(N_("State")), [run.status for run in scope], STATES)
        tags = self.pick("tags", translate(N_("Tags")), [tag for run in scope for tag in run.tags])
        channels = self.pick(
            "channels", translate(N_("Channel")), [self.newest[run.fingerprint] for run in scope], self.channels
        )
        st.toggle(translate(N_("Only settings that differ")), True, key="differing", bind="query-params")
        wanted = Filter(words.casefold().split(), states, tags, channels)
        return scope, [run for run in scope if wanted.passes(run, self.newest[run.fingerprint], self.text_of(run))]

    def names_of(self, runs: list[Run]) -> list[str]:
        """Names of their own, also for runs of different channels: a curve needs one, and no role's."""
        names: list[str] = []
        for run in runs:
            names.append(unique_name(run.name, [*names, *map(self.translate, ROLES)]))
        return names

    def pick(self, key: str, label: str, values: list[str], words: dict[str, str] | None = None) -> list[str]:
        """Some of the values there are; nothing to choose from shows nothing."""
        there = sorted(set(values))
        st.session_state[key] = [value for value in st.session_state.get(key, []) if value in there]
        if len(there) < 2 and not (there and key == "tags"):
            return []
        return st.multiselect(
            label,
            there,
            key=key,
            format_func=lambda value: self.translate(words[value]) if words else value,
            placeholder=self.translate(N_("All")),
        )

    def text_of(self, run: Run) -> str:
        """What a run can be found by."""
        settings = run.settings.flat()
        words = [self.translate(CHOICES[name][settings[name]]) for name in ("family", "optimizer")]
        return " ".join([run.name, *run.tags, *words, self.channels.get(self.newest[run.fingerprint], "")]).casefold()

    def link(self, ticked: list[str]) -> None:
        """Put what is ticked into the URL, where it is not there yet: every change is a step that Back can undo."""
        words = ticked or [NONE]
        if set(words) != set(st.query_params.get_all("runs")):
            st.query_params["runs"] = words
        st.session_state.linked_runs = words

    def ticked_before(self, scope: list[Run]) -> list[str]:
        """Ids ticked so far, which the URL keeps; the first ones where it says nothing when the page is opened."""
        linked = self.linked()
        if linked == [NONE]:
            return []
        there = {run.id for run in self.all}
        if self.opened and set(linked) - there:
            note = self.translate(N_("{count} runs of this link have been deleted."))
            gone = note.format(count=len(set(linked) - there))
            st.toast(gone, icon=":material/link_off:", duration="long")
        ticked = [run.id for run in scope if run.id in linked]
        elsewhere = bool(there & set(linked))  # another channel was chosen
        return ticked or ([run.id for run in scope[:SHOWN_AT_FIRST]] if self.opened or elsewhere else [])

    def linked(self) -> list[str]:
        """Ids that the URL says are ticked, or said before where it says nothing."""
        linked = st.query_params.get_all("runs")
        if self.opened:
            return linked
        last = st.session_state.get("linked_runs", [])
        linked = linked or last
        if set(linked) == set(last):
            return linked
        if self.ticked_just_now():  # on a slow way the URL that comes with a tick may be one of before the last tick
            return last
        # By Back or by a link: the table takes its ticks from the URL again.
        st.session_state.ticked_anew = st.session_state.get("ticked_anew", 0) + 1
        return linked

    def ticked_just_now(self) -> bool:
        """Whether this run of the script is for a tick in the table."""
        key, rows = st.session_state.get("drawn_ticks", ("", []))
        return key in st.session_state and st.session_state[key]["selection"]["rows"] != rows

    # The table

    def draw(self, shown: list[Run], ticked_before: list[str]) -> list[int]:
        """The table; the rows ticked in it."""
        if not shown:
            st.info(self.translate(N_("No run matches the filter.")), icon=":material/filter_list_off:")
            return []
        ids, translate, anew = [run.id for run in shown], self.translate, st.session_state.get("ticked_anew", 0)
        key = "table" + hashlib.sha256("".join([*ids, str(anew)]).encode()).hexdigest()[:16]
        pin = st.column_config.ButtonColumn(
            "", width=46, type="tertiary", key="unpin", on_click=self.unpin, args=(ids,), help=translate(N_("Pinned"))
        )
        picked = st.dataframe(
            self.frame(shown),
            hide_index=True,
            height=min(38 + 35 * len(shown), 250),
            key=key,
            on_select="rerun",
            selection_mode="multi-row",
            placeholder="–",
            column_config={
                translate(N_("Pinned")): pin,
                translate(N_("Tags")): st.column_config.ListColumn(),
                translate(N_("Train loss")): st.column_config.NumberColumn(format="localized"),
                translate(N_("Held-out loss")): st.column_config.NumberColumn(
                    format="localized", help=translate(MEAN_OF_SEEDS)
                ),
            },
            selection_default={
                "selection": {"rows": [row for row, run_id in enumerate(ids) if run_id in ticked_before]}
            },
            alt=translate(N_("The runs with their losses and settings")),
        )
        st.session_state.drawn_ticks = key, picked.selection.rows
        return picked.selection.rows

    def frame(self, runs: list[Run]) -> pd.DataFrame:
        """A line a run: state, name, losses, the settings that differ, and tags; the settings alike if asked for."""
        translate = self.translate
        losses = pd.DataFrame({"run": [run.id for run in runs]})
        losses = losses.merge(self.session.store.final_losses(self.session.owner), "left", "run")
        settings, differing = self.settings_of(runs)
        lines = self.states(runs) | self.pins(runs)
        lines[translate(N_("Run"))] = [run.name for run in runs]
        lines[translate(N_("Held-out loss"))] = _finite(losses["held_out"])
        lines[translate(N_("Train loss"))] = _finite(losses["train"])
        lines |= self.channels_of(runs)
        lines |= {translate(LABELS[name]): settings[name] for name in differing}
        lines |= self.tags(runs)
        if not st.session_state.differing:
            lines[translate(N_("Epochs done"))] = losses["epochs"]
            lines |= {translate(LABELS[name]): settings[name] for name in SHOWN_ANYWAY if name not in differing}
        return pd.DataFrame(lines)

    def pins(self, runs: list[Run]) -> dict[str, list]:
        """A column of pins, where any run is pinned."""
        pins = [PINNED if run.pinned else None for run in runs]
        return {self.translate(N_("Pinned")): pins} if any(pins) else {}

    def channels_of(self, runs: list[Run]) -> dict[str, list]:
        """A column of channels where there are several, and of what the runs knew where any knew fewer days."""
        channels = [self.newest[run.fingerprint] for run in runs]
        found: dict[str, list] = {}
        if len({*channels}) > 1:
            found[self.translate(N_("Channel"))] = [self.channels[channel] for channel in channels]
        if any(run.fingerprint != channel for run, channel in zip(runs, channels, strict=True)):
            found[self.translate(N_("Trained on days to"))] = [run.settings.split.train.last for run in runs]
        return found

    def states(self, runs: list[Run]) -> dict[str, list]:
        """A column of states, where any run is not finished."""
        said = [self.translate(STATES[run.status]) for run in runs]
        return {self.translate(N_("State")): said} if any(run.status != "finished" for run in runs) else {}

    def tags(self, runs: list[Run]) -> dict[str, list]:
        """A column of tags, where there are any."""
        return {self.translate(N_("Tags")): [list(run.tags) for run in runs]} if any(run.tags for run in runs) else {}

    def settings_of(self, runs: list[Run]) -> tuple[pd.DataFrame, list[str]]:
        """The settings in words, and the names of those that differ."""
        settings = pd.DataFrame([run.settings.flat() for run in runs])[list(LABELS)].astype(object)
        without_units = settings["family"].isin(["linear", *SKLEARN_FAMILIES])
        settings.loc[without_units, ["layers", "units"]] = None
        settings["loss"] = settings["loss"].map(LOSS_NAMES)
        for name in ("family", "optimizer", "schedule", "subtract"):
            settings[name] = settings[name].map(CHOICES[name]).map(self.translate)
        return settings, [name for name in settings if settings[name].nunique(dropna=False) > 1]

    def unpin(self, ids: list[str]) -> None:
        """Let the run go whose pin was pressed."""
        self.session.store.pin(self.session.owner, [ids[st.session_state.unpin.row]], False)

    # What can be done with the ticked ones

    def edit(self, chosen: list[Run]) -> None:
        """Rename one run; pin, tag or delete any."""
        translate = self.translate
        self.pin_or_unpin(chosen)
        with st.popover(
            translate(N_("Rename")),
            icon=":material/edit:",
            disabled=len(chosen) != 1,
        ):
            if len(chosen) == 1:
                self.name_of(chosen[0])
        with st.popover(translate(N_("Tag")), icon=":material/label:", disabled=not chosen):
            if chosen:
                self.tags_of(chosen)
        with st.popover(translate(N_("Delete")), icon=":material/delete:", disabled=not chosen):
            self.delete(chosen)
        if len(chosen) != 1:
            all_off = N_("Tick runs to pin, rename, tag or delete them.")
            st.caption(translate(N_("Tick one run alone to rename it.") if chosen else all_off))

    def pin_or_unpin(self, chosen: list[Run]) -> None:
        """A button that pins all; one that unpins them where all are pinned."""
        pinned = bool(chosen) and all(run.pinned for run in chosen)
        st.button(
            self.translate(N_("Unpin")) if pinned else self.translate(N_("Pin")),
            key="pin",
            icon=":material/keep_off:" if pinned else PINNED,
            disabled=not chosen,
            help=self.translate(N_("Pinned runs stay on top of the list.")),
            on_click=self.session.store.pin,
            args=(self.session.owner, [run.id for run in chosen], not pinned),
        )

    def name_of(self, run: Run) -> None:
        """The name, which can be typed over."""
        st.text_input(
            self.translate(N_("Name")),
            run.name,
            key=f"name-{run.id}",
            max_chars=80,
            on_change=self.rename,
            args=(run.id,),
        )

    def delete(self, chosen: list[Run]) -> None:
        """Whether to delete them."""
        question = self.translate(N_("Delete the ticked runs ({count})? This cannot be undone."))
        st.write(question.format(count=len(chosen)))
        st.button(
            self.translate(N_("Delete permanently")),
            key="delete",
            on_click=self.session.store.delete,
            args=(self.session.owner, [run.id for run in chosen]),
        )

    def tags_of(self, chosen: list[Run]) -> None:
        """The tags that all ticked runs share; new ones can be typed."""
        shared = sorted(set.intersection(*(set(run.tags) for run in chosen)))
        known = sorted({tag for run in self.all for tag in run.tags})
        ids = [run.id for run in chosen]
        key = "tags-" + hashlib.sha256("".join(ids).encode()).hexdigest()[:16]
        st.multiselect(
            self.translate(N_("Tags of the ticked runs ({count})")).format(count=len(chosen)),
            known,
            shared,
            key=key,
            accept_new_options=True,
            placeholder=self.translate(N_("Choose a tag or type a new one")),
            on_change=self.tag,
            args=(key, ids, shared),
        )

    def tag(self, key: str, ids: list[str], shared: list[str]) -> None:
        """Store what was added and what was taken off."""
        now = {clean_name(tag, LONGEST_TAG) for tag in st.session_state[key]} - {""}
        self.session.store.tag(self.session.owner, ids, add=now - set(shared), drop=set(shared) - now)

    def rename(self, run_id: str) -> None:
        """Store the name typed, made unlike the others."""
        taken = [run.name for run in self.all if run.id != run_id]
        if name := clean_name(st.session_state[f"name-{run_id}"]):
            self.session.store.rename(self.session.owner, run_id, unique_name(name, taken))
            for key in NAMING:
                if key in st.session_state:
                    st.session_state[key] = st.session_state[key]


def _finite(losses: pd.Series) -> pd.Series:
    """With one decimal; nothing where a run diverged."""
    return losses.astype(float).replace([np.inf, -np.inf], np.nan).round(1)
