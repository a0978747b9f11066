"""What is wrong with a run: the lecture's tree with the branch it is on, on what evidence, and what to try next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.calendar_features import nearby_holiday
from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.diagnosis.nested_runs import NestedRun, is_nested_in, with_lower_train_loss
from forecasting.diagnosis.report import BetterReference, Diagnosis, DiagnosisReport, LargeError
from forecasting.formats import Views, format_percent, format_probability, format_views
from forecasting.jobs.requests import DiagnosisRequest, RunVersion
from forecasting.messages import N_, Message, Translate
from forecasting.records import NOTHING_YET, Job, Run
from forecasting.settings import BOUNDS, RunSettings
from pages.parts.chart import draw_chart
from pages.parts.job_progress import find, result_of, show_job, submit
from pages.parts.polling import JOB_SECONDS, Polling, polling
from pages.parts.run_settings import changes, name_of, queue
from pages.parts.session import Session, current_channel
from pages.parts.settings_form import country_names

FIRST = 3  # sentences of evidence in sight; the others are folded
MOST_CHANGES = 3  # that a button can name
DIVERGED = Diagnosis("optimization", 1.0, (), (), None, {})  # of a run whose loss diverged
SMALLER = 10  # what the learning rate of such a run is divided by, to try next
MEANINGS = {
    "bias": N_(
        "Its error on the training days is large, and no training tried here lowers it: the model is too "
        "simple, or sees too little."
    ),
    "optimization": N_(
        "Its error on the training days is large, although such a model can do better: improve the training."
    ),
    "overfitting": N_("It fits its training days much better than other days of the same period."),
    "mismatch": N_(
        "It does well on validation days inside the training period and worse on held-out: the two periods differ."
    ),
    "fine": N_("No simple model is clearly better, and its error on the held-out days is as usual."),
}


@dataclass(frozen=True)
class Subject:
    """A run that can be diagnosed."""

    session: Session  # on the run's own channel
    run: Run
    request: DiagnosisRequest | None  # None for a run that diverged: no worker has to look

    def job(self) -> Job | None:
        """The job that diagnoses it, where it was submitted."""
        return find(self.session, self.request) if self.request else None

    def diagnosis(self) -> Diagnosis | None:
        """What is wrong with it, where that is known."""
        if self.request is None:
            return DIVERGED
        report = result_of(self.session, self.job(), DiagnosisReport)
        return report.diagnosis if report else None


def draw(session: Session, run: Run, show: Callable[[], None]) -> None:
    """The panel of a run that has ended; nothing where it neither predicted nor diverged.

    `show` brings up a run just begun.
    """
    if subject := subject_of(session, run):
        with st.container(border=True):
            st.subheader(session.translate(N_("Diagnosis")), anchor=False)
            _draw(subject, show)


def draw_set(session: Session, runs: Sequence[Run], show: Callable[[], None]) -> None:
    """The same for several runs, of any channel: their verdicts in a table, and one of them whole."""
    # What was begun may have ended already and be evidence itself: then the answer that held the button is not below.
    if any(st.session_state.get(f"{button}-{run.id}") for run in runs for button in ("next", "better")):
        show()
    subjects = _subjects(session, runs)
    if not subjects:
        st.caption(session.translate(N_("Only a run that has ended with predictions, or diverged, can be diagnosed.")))
        return
    if len(subjects) > 1:
        looks = polling(session, _jobs_of(subjects), JOB_SECONDS)
        st.fragment(_verdicts, run_every=looks.seconds)(session.translate, subjects, looks)
    _draw(_choose(session, subjects), show)


def _subjects(session: Session, runs: Sequence[Run]) -> list[Subject]:
    """Those of the runs that can be diagnosed."""
    channels = {run.fingerprint: session.channels.channel(session.owner, run.fingerprint) for run in runs}
    there = {fingerprint: replace(session, channel=channel) for fingerprint, channel in channels.items() if channel}
    found = [subject_of(there[run.fingerprint], run) for run in runs if run.fingerprint in there]
    return [subject for subject in found if subject]


def subject_of(session: Session, run: Run) -> Subject | None:
    """The run as what can be diagnosed, or None."""
    request = _request(session, run)
    return Subject(session, run, request) if request or _diverged(session, run) else None


def _choose(session: Session, subjects: Sequence[Subject]) -> Subject:
    """The one to look at."""
    if len(subjects) == 1:
        return subjects[0]
    by_id = {subject.run.id: subject for subject in subjects}
    label = session.translate(N_("Run to look at"))
    return by_id[st.selectbox(label, by_id, format_func=lambda run_id: by_id[run_id].run.name, key="diagnosed")]


def _jobs_of(subjects: Sequence[Subject]) -> list[Job]:
    return [job for job in (subject.job() for subject in subjects) if job]


def _verdicts(translate: Translate, subjects: Sequence[Subject], looks: Polling) -> None:
    """A line a run, drawn again while any is being diagnosed."""
    begun = _jobs_of(subjects)
    if looks.is_over(begun) or (looks.seconds and not any(job.active for job in begun)):
        st.rerun()
    jobs = [subject.job() for subject in subjects]
    diagnoses = [subject.diagnosis() for subject in subjects]
    if any(jobs) or any(diagnoses):
        _verdict_table(translate, [subject.run.name for subject in subjects], diagnoses)
    waiting = [subject for subject, job in zip(subjects, jobs, strict=True) if subject.request and job is None]
    if len(waiting) > 1:
        _offer_all(translate, waiting)


def _offer_all(translate: Translate, subjects: Sequence[Subject]) -> None:
    """A button that has all of them diagnosed."""
    label = translate(N_("Diagnose these {count} runs")).format(count=len(subjects))
    pressed = st.button(label, icon=":material/troubleshoot:")
    if pressed and all(_submitted(subject.session, subject.run.id) for subject in subjects):
        st.rerun()


def _verdict_table(translate: Translate, names: list[str], diagnoses: Sequence[Diagnosis | None]) -> None:
    lines = {
        translate(N_("Run")): names,
        translate(N_("Verdict")): [translate(BRANCH_NAMES[one.branch]) if one else "–" for one in diagnoses],
        translate(N_("Confidence")): [_confidence(one) for one in diagnoses],
    }
    st.dataframe(pd.DataFrame(lines), hide_index=True, alt=translate(N_("Verdicts on the runs")))


def _confidence(diagnosis: Diagnosis | None) -> str:
    if diagnosis is None or diagnosis.confidence is None:
        return "–"
    return format_probability(diagnosis.confidence)


def _draw(subject: Subject, show: Callable[[], None]) -> None:
    session, run = subject.session, subject.run
    if subject.request is None:
        _say_diverged(session, run, show)
        return
    job = subject.job()
    show_job(session, job and job.id, DiagnosisReport, lambda report: _draw_report(session, run, report, show))
    if job is None:
        explained = N_("Trains a few simple models for comparison, to find the branch of the lecture's tree.")
        st.caption(session.translate(explained))
    if job is None or job.status in ("stopped", "failed"):
        st.button(
            session.translate(N_("Diagnose")),
            icon=":material/troubleshoot:",
            key=f"diagnose-{run.id}",
            on_click=_submit,
            args=(session, run.id),
        )


def _submit(session: Session, run_id: str) -> None:
    _submitted(session, run_id)


def _submitted(session: Session, run_id: str) -> str | None:
    """Have a worker diagnose the run as it is now: the job's id; None where that cannot be, and the page says why."""
    run = session.store.run(session.owner, run_id)
    request = run and _request(session, run)
    if request:
        return submit(session, request)
    st.toast(session.translate(N_("This run has been deleted; choose another one.")), icon=":material/delete:")
    return None


def _request(session: Session, run: Run) -> DiagnosisRequest | None:
    """What a worker is asked about a run that has ended with predictions, as it is now."""
    if run.active or not session.store.has_predictions(run.id):
        return None
    last = session.store.final_losses(session.owner, run.id).iloc[0]
    return DiagnosisRequest(RunVersion(run.id, int(last["epochs"])), _nested_run(session, run, last["train"]))


def _nested_run(session: Session, run: Run, train: float) -> tuple[str, ...]:
    """The id of the finished run of the same channel that says most about what this one could have come to, if any."""
    candidates = [other for other in session.store.runs(session.owner) if other.fingerprint == run.fingerprint]
    candidates = [other for other in candidates if other.id != run.id and other.status == "finished"]
    likely = [other for other in candidates if is_nested_in(other.settings, run.settings)]
    losses = session.store.final_losses(session.owner).set_index("run")["train"] if likely else {}
    nested = {other.id: NestedRun(other.settings, float(losses[other.id])) for other in likely if other.id in losses}
    lower = with_lower_train_loss(nested.values(), run.settings, train)
    ids = [run_id for run_id, other in nested.items() if other in lower]
    return tuple(sorted(ids, key=lambda run_id: nested[run_id].train)[:1])


# A run that diverged


def _diverged(session: Session, run: Run) -> int | None:
    """The epoch in which a failed run diverged; None for any other run."""
    history = session.store.history(run.id) if run.status == "failed" else NOTHING_YET
    if len(history) and not np.isfinite([history.train_loss[-1], history.held_out_loss[-1]]).all():
        return int(history.epoch[-1])
    return None


def _say_diverged(session: Session, run: Run, show: Callable[[], None]) -> None:
    """What is wrong with it is plain, and no worker has to look."""
    st.markdown(f"#### {session.translate(BRANCH_NAMES[DIVERGED.branch])}")
    text = N_("It diverged in epoch {epoch}: its steps were too large, so it never learned what such a model can.")
    st.markdown(session.translate(text).format(epoch=_diverged(session, run)))
    if not run.settings.solved_at_once:
        slower = max(run.settings.training.learning_rate / SMALLER, BOUNDS["learning_rate"][0])
        training = replace(run.settings.training, learning_rate=slower)
        _offer_next(session, run, replace(run.settings, training=training), show)


# The report


def _draw_report(session: Session, run: Run, report: DiagnosisReport, show: Callable[[], None]) -> None:
    said = [message.translated(session.translate) for message in report.evidence]
    diagnosis = report.diagnosis
    if diagnosis is None:  # still at work, or stopped
        st.caption("\n".join(f"- {sentence}" for sentence in said))
        return
    words, tree = st.columns(2, gap="large")
    with words:
        _verdict(session, diagnosis, report.single_seed)
        st.markdown("\n".join(f"- {sentence}" for sentence in said[:FIRST]))
    with tree:
        _draw_tree(session, diagnosis)
    if report.better:
        is_next = report.better.settings == diagnosis.next_run  # then it has a button anyway
        _offer_better(session, run, report.better, show=None if is_next else show)
    if diagnosis.next_run:
        _offer_next(session, run, diagnosis.next_run, show)
    with st.expander(session.translate(N_("More evidence")), icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {sentence}" for sentence in said[FIRST:]))
    with st.expander(session.translate(N_("Days with the largest errors")), icon=":material/event:"):
        _largest(session, run, report.largest)


def _draw_tree(session: Session, diagnosis: Diagnosis) -> None:
    draw_chart(
        session,
        partial(charts.decision_tree, diagnosis.branch, diagnosis.probabilities, session.translate),
        alt=tree_in_words(diagnosis, session.translate),
    )


def tree_in_words(diagnosis: Diagnosis, translate: Translate) -> str:
    """The tree with its lit branch, for those who do not see it."""
    text = translate(
        N_("The lecture's decision tree; the branch of this run: {branch}. Probabilities: {probabilities}")
    )
    probabilities = translate(N_(", ")).join(
        f"{translate(BRANCH_NAMES[name])} {format_probability(share)}"
        for name, share in diagnosis.probabilities.items()
    )
    return text.format(branch=translate(BRANCH_NAMES[diagnosis.branch]), probabilities=probabilities or "–")


def _verdict(session: Session, diagnosis: Diagnosis, single_seed: bool) -> None:
    """The branch, how sure, and what it means."""
    name = session.translate(BRANCH_NAMES[diagnosis.branch])
    if diagnosis.confidence is None:  # "cannot tell"
        st.markdown(f"#### {name}")
        st.markdown(_why_not(session, diagnosis))
    else:
        confidence = format_probability(diagnosis.confidence)
        st.markdown(
            "#### "
            + session.translate(N_("{branch}, {confidence} confidence")).format(branch=name, confidence=confidence)
        )
        st.markdown(session.translate(MEANINGS[diagnosis.branch]))
    if diagnosis.also_likely:
        names = session.translate(N_(", ")).join(
            session.translate(BRANCH_NAMES[other]) for other in diagnosis.also_likely
        )
        st.markdown(session.translate(N_("Also likely: {branches}.")).format(branches=names))
    if single_seed:
        st.caption(session.translate(N_("A single seed may be luck, so the confidence is limited; train more seeds.")))


def _why_not(session: Session, diagnosis: Diagnosis) -> str:
    """Why there is no verdict."""
    probabilities = diagnosis.probabilities
    if not probabilities:
        return session.translate(N_("There are too few days for a verdict."))
    likeliest = max(probabilities, key=probabilities.__getitem__)
    thin = session.translate(
        N_("The evidence is too thin for a verdict. The likeliest is “{branch}”, with {confidence}.")
    )
    confidence = format_probability(probabilities[likeliest])
    return thin.format(branch=session.translate(BRANCH_NAMES[likeliest]), confidence=confidence)


def _offer_next(session: Session, run: Run, settings: RunSettings, show: Callable[[], None]) -> None:
    """A button that starts what to try next, and what it changes."""
    each, comma = changes(run.settings, settings, session.translate), session.translate(N_(", "))
    said = comma.join(each)
    name, many = name_of(settings, session.translate), len(each) > MOST_CHANGES
    another = run.settings.architecture != settings.architecture
    brief = comma.join(each[:MOST_CHANGES]) + " …" if many else said
    if (another or many) and name != name_of(
        run.settings, session.translate
    ):  # what the run itself is called says nothing
        brief = name
    label = session.translate(N_("Try next: {what}")).format(what=brief)
    if st.button(label, icon=":material/play_arrow:", key=f"next-{run.id}", on_click=_start, args=(session, settings)):
        show()
    if brief != said:
        st.caption(session.translate(N_("It changes: {changes}.")).format(changes=said))


def _offer_better(session: Session, run: Run, better: BetterReference, *, show: Callable[[], None] | None) -> None:
    """That a reference model is better, and a button that takes it in the run's place; no button without `show`."""
    translate = session.translate
    said = N_(
        "“{model}” is better: its error is {less} lower in validation, and on held-out {held_out} beside {own} views."
    )
    facts = {"model": Message(better.name), "less": format_percent(better.less)}
    facts |= {"held_out": Views(better.held_out), "own": Views(better.run_held_out)}
    st.markdown(Message(said, facts).translated(translate))
    if show is None:
        return
    label = translate(N_("Take “{model}” instead")).format(model=translate(better.name))
    given = (session, better.settings)
    if st.button(label, icon=":material/swap_horiz:", key=f"better-{run.id}", on_click=_start, args=given):
        show()


def _start(session: Session, settings: RunSettings) -> None:
    """Queue the run, and make it the one that Train shows."""
    st.session_state.run = queue(session, settings) or st.session_state.get("run")
    if session.channel.fingerprint != current_channel().fingerprint:
        st.session_state.channel = session.channel.fingerprint
    session.workers.fill()


def _largest(session: Session, run: Run, errors: Sequence[LargeError]) -> None:
    """The days, and the holidays around them where a country is chosen."""
    names = {"": session.translate(N_("No country"))} | country_names(session.language)
    label, of_run = session.translate(N_("Show public holidays of")), list(names).index(run.settings.inputs.country)
    country = st.selectbox(label, names, of_run, format_func=names.__getitem__, key=f"holidays-{run.id}")
    days, weekdays = [error.day.date() for error in errors], session.weekdays()
    lines = {session.translate(N_("Day")): [f"{day} {weekdays[day.weekday()]}" for day in days]}
    if country:
        near = [nearby_holiday(pd.Timestamp(day), country) for day in days]
        lines[session.translate(N_("Holiday within three days"))] = near
    lines[session.translate(N_("Real views"))] = [format_views(error.actual, session.translate) for error in errors]
    lines[session.translate(N_("Predicted"))] = [format_views(error.predicted, session.translate) for error in errors]
    st.dataframe(
        pd.DataFrame(lines), hide_index=True, placeholder="–", alt=session.translate(N_("Days with the largest errors"))
    )
