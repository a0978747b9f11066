"""`diagnose` says what is wrong with a model, how sure that is, on what evidence, and what to try next."""

import argparse
import json

from forecasting.cli.channel import channel_of, words_of
from forecasting.cli.run_settings import run_settings
from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.diagnosis.evidence import gather
from forecasting.diagnosis.tree import diagnose as verdict_on
from forecasting.jobs.machine import use_one_thread


def diagnose(options: argparse.Namespace) -> None:
    """Print what is wrong with a model of these settings, how sure that is, on what evidence, and what to try next."""
    channel = channel_of(options)
    settings = run_settings(options, channel)

    use_one_thread()
    found = verdict_on(gather(channel.series, settings))
    evidence = [sentence.translated(words_of(channel)) for sentence in found.evidence]
    now = settings.flat()
    tried = (
        {name: value for name, value in found.next_run.flat().items() if now[name] != value} if found.next_run else {}
    )
    if options.json:
        confidence = None if found.confidence is None else round(found.confidence, 3)
        print(json.dumps({"verdict": found.branch, "sure": confidence, "evidence": evidence, "next": tried}))
        return
    certainty = "" if found.confidence is None else f" ({found.confidence:.2f})"
    print(f"{BRANCH_NAMES[found.branch]}{certainty}", *(f"- {sentence}" for sentence in evidence), sep="\n")
    if tried:
        print("try next:", ", ".join(f"{name} {value}" for name, value in tried.items()))
