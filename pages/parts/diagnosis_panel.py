"""What is wrong with a run: the lecture's tree with the branch it is on, on what evidence, and what to try next."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.calendar_features import nearby_holiday
from forecasting.diagnosis.branches import NAMES
from forecasting.diagnosis.nested_runs import NestedRun, is_nested_in, with_lower_train_loss
from forecasting.formats import format_probability, format_views
from forecasting.messages import N_, Message, Translate
from forecasting.runs import NOTHING_YET, Run, Study
from forecasting.settings import BOUNDS, CHOICES, RunSettings
from pages.parts.following import TICK, ask, follow
from pages.parts.session import Session, current_channel
from pages.parts.settings_form import LABELS, country_names, name_of, queue

FIRST = 3  # sentences of evidence in sight; the others are folded
MOST_CHANGES = 3  # that a button can name
DIVERGED = {"branch": "optimization", "sure": 1.0}  # the answer for a run whose loss left the numbers
SMALLER = 10  # what the learning rate of such a run is divided by, to try next
MEANINGS = {
    "bias": N_(
        "It errs too much on the days it learnt from, and no training mends that: it is too simple, or sees too little."
    ),
    "optimization": N_(
        "It errs too much on the days it learnt from, though such a model can do better: train it well."
    ),
    "overfitting": N_("It knows the days it learnt from too well, and errs more on other days of the same period."),
    "mismatch": N_("It does well inside the training period, and worse on held-out: the two periods are not alike."),
    "fine": N_("No simple model is clearly better, and the held-out days are no harder for it than usual."),
}


def draw(session: Session, run: Run, show: Callable[[], None]) -> None:
    """The panel of a run that has ended; nothing where it neither predicted nor diverged.

    `show` brings up a run just begun.
    """
    request = _request(session, run)
    if request or _diverged(session, run):
        with st.container(border=True):
            st.subheader(session.translate(N_("Diagnosis")), anchor=False)
            _draw(session, run, request, show)


def draw_set(session: Session, runs: Sequence[Run], show: Callable[[], None]) -> None:
    """The same for several runs, of any channel: their verdicts in a table, and one of them whole."""
    # What was begun may have ended already and be evidence itself: then the answer that held the button is not below.
    if any(st.session_state.get(f"next-{run.id}") for run in runs):
        show()
    channels = {run.fingerprint: session.store.channel(session.owner, run.fingerprint) for run in runs}
    there = {fingerprint: replace(session, channel=channel) for fingerprint, channel in channels.items() if channel}
    asked = [(run, _request(there[run.fingerprint], run)) for run in runs if run.fingerprint in there]
    asked = [(run, request) for run, request in asked if request or _diverged(session, run)]
    if not asked:
        st.caption(session.translate(N_("Only a run that has ended with predictions, or diverged, can be diagnosed.")))
        return
    active = any(study and study.active for study in _studies(session, asked))
    if len(asked) > 1:
        st.fragment(_verdicts, run_every=TICK if active else None)(session, there, asked, active)
    names = {run.id: run.name for run, _request in asked}
    label = session.translate(N_("Run to look at"))
    chosen = st.selectbox(label, names, format_func=names.get, key="diagnosed") if len(asked) > 1 else asked[0][0].id
    run, request = next((run, request) for run, request in asked if run.id == chosen)
    _draw(there[run.fingerprint], run, request, show)


def _study(session: Session, run: Run, request: dict | None) -> Study | None:
    return request and session.studies.asked(session.owner, run.fingerprint, "diagnosis", request)


def _studies(session: Session, asked: Sequence[tuple[Run, dict | None]]) -> list[Study | None]:
    return [_study(session, run, request) for run, request in asked]


def _verdicts(
    session: Session, there: dict[str, Session], asked: Sequence[tuple[Run, dict | None]], was_active: bool
) -> None:
    """A line a run, drawn again while any is being diagnosed. One that diverged, without a request, needs no worker."""
    studies = _studies(session, asked)
    if was_active and not any(study and study.active for study in studies):
        st.rerun()
    answers = [study.answer if study and study.status == "finished" else None for study in studies]
    answers = [answer if request else DIVERGED for answer, (_run, request) in zip(answers, asked, strict=True)]
    if any(studies) or any(answers):
        verdict, sure = session.translate(N_("Verdict")), session.translate(N_("How sure"))
        requested = [answer and answer["branch"] != "cannot tell" for answer in answers]
        lines = {
            session.translate(N_("Run")): [run.name for run, _request in asked],
            verdict: [session.translate(NAMES[answer["branch"]]) if answer else "–" for answer in answers],
            sure: [
                format_probability(answer["sure"]) if known else "–"
                for answer, known in zip(answers, requested, strict=True)
            ],
        }
        st.dataframe(pd.DataFrame(lines), hide_index=True, alt=session.translate(N_("Verdicts on the runs")))
    open_ones = [run for (run, request), study in zip(asked, studies, strict=True) if request and study is None]
    if len(open_ones) > 1:
        label = session.translate(N_("Diagnose these {count} runs")).format(count=len(open_ones))
        if st.button(label, icon=":material/troubleshoot:"):
            for run in open_ones:
                _ask(there[run.fingerprint], run.id)
            st.rerun()


def _draw(session: Session, run: Run, request: dict | None, show: Callable[[], None]) -> None:
    if request is None:
        _say_diverged(session, run, show)
        return
    study = _study(session, run, request)
    follow(session, study and study.id, lambda study: _answer(session, run, study, show))
    if study is None or study.status in ("stopped", "failed"):
        if study is None:
            explained = N_(
                "Trains some simple models beside this run, to tell which branch of the lecture's tree it is on."
            )
            st.caption(session.translate(explained))
        label = session.translate(N_("Diagnose"))
        st.button(
            label, icon=":material/troubleshoot:", key=f"diagnose-{run.id}", on_click=_ask, args=(session, run.id)
        )


def _ask(session: Session, run_id: str) -> None:
    """Have a worker diagnose the run as it is now."""
    run = session.store.run(session.owner, run_id)
    request = run and _request(session, run)
    if request:
        ask(session, "diagnosis", request)
    else:
        st.toast(session.translate(N_("This run is gone; choose another one.")), icon=":material/delete:")


def _request(session: Session, run: Run) -> dict | None:
    """What a worker needs to know of a run: its settings, what it came to, and runs that could do more with less."""
    predictions = None if run.active else session.store.predictions(run.id)
    if predictions is None:
        return None
    settings, last = run.settings, session.store.final_losses(session.owner, run.id).iloc[0]
    if run.status != "finished":  # what was stopped is judged for the epochs that it had
        settings = replace(settings, training=replace(settings.training, epochs=int(last["epochs"])))
    # Of several days ahead only the farthest is kept, too little to judge by: the worker trains the run again.
    one_day = settings.architecture.horizon == 1
    predicted = [[float(f"{views:.6g}") for views in seed] for seed in predictions.to_numpy().T] if one_day else None
    return {
        "run": run.id,
        "settings": settings.to_json(),
        "train_loss": [float(loss) for loss in last["train_seeds"]] if one_day else None,
        "predicted": predicted,
        "peers": [peer.to_record() for peer in _peers(session, run, last["train"])],
    }


def _peers(session: Session, run: Run, train: float) -> list[NestedRun]:
    """Finished runs of the same channel that say something about what this one could have come to."""
    others = [other for other in session.store.runs(session.owner) if other.fingerprint == run.fingerprint]
    others = [other for other in others if other.id != run.id and other.status == "finished"]
    likely = [other for other in others if is_nested_in(other.settings, run.settings)]
    losses = session.store.final_losses(session.owner).set_index("run")["train"] if likely else {}
    nested_runs = [NestedRun(other.settings, float(losses[other.id])) for other in likely if other.id in losses]
    return sorted(with_lower_train_loss(nested_runs, run.settings, train), key=lambda peer: peer.train)[:1]


# A run that diverged


def _diverged(session: Session, run: Run) -> int | None:
    """The epoch in which a failed run left the numbers; None for any other run."""
    history = session.store.history(run.id) if run.status == "failed" else NOTHING_YET
    if len(history) and not np.isfinite([history.train_loss[-1], history.held_out_loss[-1]]).all():
        return int(history.epoch[-1])
    return None


def _say_diverged(session: Session, run: Run, show: Callable[[], None]) -> None:
    """What is wrong with it is plain, and no worker has to look."""
    st.markdown(f"#### {session.translate(NAMES[DIVERGED['branch']])}")
    text = N_("It diverged in epoch {epoch}: its steps were too large, so it never learnt what such a model can.")
    st.markdown(session.translate(text).format(epoch=_diverged(session, run)))
    if not run.settings.solved_at_once:
        slower = max(run.settings.training.learning_rate / SMALLER, BOUNDS["learning_rate"][0])
        training = replace(run.settings.training, learning_rate=slower)
        _offer_next(session, run, replace(run.settings, training=training), show)


# The answer


def _answer(session: Session, run: Run, study: Study, show: Callable[[], None]) -> None:
    answer = study.answer
    said = [Message.from_record(record).translated(session.translate) for record in answer["evidence"]]
    if "branch" not in answer:  # still at work, or stopped
        st.caption("\n".join(f"- {sentence}" for sentence in said))
        return
    words, tree = st.columns(2, gap="large")
    with words:
        _verdict(session, answer)
        st.markdown("\n".join(f"- {sentence}" for sentence in said[:FIRST]))
    with tree:
        alt = session.translate(N_("The lecture's decision tree; the branch of this run: {branch}. Chances: {chances}"))
        chances = session.translate(N_(", ")).join(
            f"{session.translate(NAMES[name])} {format_probability(share)}" for name, share in answer["chances"].items()
        )
        chances = chances or "–"
        st.altair_chart(
            charts.decision_tree(answer["branch"], answer["chances"], session.translate),
            alt=alt.format(branch=session.translate(NAMES[answer["branch"]]), chances=chances),
        )
    if answer["next_run"]:
        _offer_next(session, run, RunSettings.from_json(answer["next_run"]), show)
    with st.expander(session.translate(N_("More evidence")), icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {sentence}" for sentence in said[FIRST:]))
    with st.expander(session.translate(N_("Days with the largest errors")), icon=":material/event:"):
        _largest(session, run, answer["largest"])


def _verdict(session: Session, answer: dict) -> None:
    """The branch, how sure, and what it means."""
    branch, chances = answer["branch"], answer["chances"]
    name = session.translate(NAMES[branch])
    if branch == "cannot tell":
        st.markdown(f"#### {name}")
        if chances:
            likeliest = max(chances, key=chances.get)
            thin = session.translate(
                N_("The evidence is too thin for a verdict. The likeliest is “{branch}”, with {sure}.")
            )
            st.markdown(
                thin.format(branch=session.translate(NAMES[likeliest]), sure=format_probability(chances[likeliest]))
            )
        else:
            st.markdown(session.translate(N_("There are too few days for a verdict, or to say what is likely.")))
    else:
        sure = format_probability(answer["sure"])
        st.markdown("#### " + session.translate(N_("{branch}, {sure} sure")).format(branch=name, sure=sure))
        st.markdown(session.translate(MEANINGS[branch]))
    if answer["others"]:
        others = session.translate(N_(", ")).join(session.translate(NAMES[other]) for other in answer["others"])
        st.markdown(session.translate(N_("Likely as well: {others}.")).format(others=others))
    if answer["single"]:
        st.caption(
            session.translate(N_("A single seed may be luck, so this is never a sure verdict; train more seeds."))
        )


def _offer_next(session: Session, run: Run, settings: RunSettings, show: Callable[[], None]) -> None:
    """A button that starts what to try next, and what it changes."""
    each, comma = _changes(run.settings, settings, session.translate), session.translate(N_(", "))
    changes = comma.join(each)
    name, many = name_of(settings, session.translate), len(each) > MOST_CHANGES
    another = run.settings.architecture != settings.architecture
    brief = comma.join(each[:MOST_CHANGES]) + " …" if many else changes
    if (another or many) and name != name_of(
        run.settings, session.translate
    ):  # what the run itself is called says nothing
        brief = name
    label = session.translate(N_("Try next: {what}")).format(what=brief)
    if st.button(label, icon=":material/play_arrow:", key=f"next-{run.id}", on_click=_start, args=(session, settings)):
        show()
    if brief != changes:
        st.caption(session.translate(N_("It changes: {changes}.")).format(changes=changes))


def _start(session: Session, settings: RunSettings) -> None:
    """Queue the run, and make it the one that Train shows."""
    st.session_state.run = queue(session, settings)
    if session.channel.fingerprint != current_channel().fingerprint:
        st.session_state.channel = session.channel.fingerprint
    session.jobs.fill()


def _changes(before: RunSettings, after: RunSettings, translate: Translate) -> list[str]:
    """Every setting that is not as before, in words."""
    old, new = before.flat(), after.flat()
    size = after.architecture.family == "relu"
    names = [name for name in LABELS if old[name] != new[name] and (size or name not in ("layers", "units"))]
    return [f"{translate(LABELS[name])} {_value(name, new[name], translate)}" for name in names]


def _value(name: str, value: object, translate: Translate) -> str:
    if name in CHOICES:
        return translate(CHOICES[name][value])
    if isinstance(value, bool):
        return translate(N_("on") if value else N_("off"))
    return f"{value:g}" if isinstance(value, int | float) else str(value) or "–"


def _largest(session: Session, run: Run, errors: Sequence[dict]) -> None:
    """The days, and the holidays around them where a country is chosen."""
    names = {"": session.translate(N_("No country"))} | country_names(session.language)
    label, of_run = session.translate(N_("Show public holidays of")), list(names).index(run.settings.inputs.country)
    country = st.selectbox(label, names, of_run, format_func=names.get, key=f"holidays-{run.id}")
    days, weekdays = [date.fromisoformat(error["day"]) for error in errors], session.weekdays()
    lines = {session.translate(N_("Day")): [f"{day} {weekdays[day.weekday()]}" for day in days]}
    if country:
        near = [nearby_holiday(pd.Timestamp(day), country) for day in days]
        lines[session.translate(N_("Holiday within three days"))] = near
    lines[session.translate(N_("Real views"))] = [format_views(error["actual"]) for error in errors]
    lines[session.translate(N_("Predicted"))] = [format_views(error["predicted"]) for error in errors]
    st.dataframe(
        pd.DataFrame(lines), hide_index=True, placeholder="–", alt=session.translate(N_("Days with the largest errors"))
    )
