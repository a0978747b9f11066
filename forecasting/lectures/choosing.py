"""Choosing among models by folds (Lee 2021, video 3): what random folds, which leak, make of an error."""

import numpy as np

from forecasting.evaluation.comparison import FEWEST_DAYS
from forecasting.evaluation.cross_validation import OptimismBias, Ranking
from forecasting.formats import format_percent
from forecasting.lectures.claims import ALIKE_DAYS, MARGIN, TOO_FEW_DAYS, Claim, Judgement, answer_from, claim
from forecasting.messages import N_, Message


def random_flatters(blocked: Ranking, random: Ranking, loss: str) -> Claim:
    """Whether random folds make less of the error than blocked ones, over all models that did not diverge.

    All of them, and not the one for which it is most: that would be another choice among many.
    """
    kept = np.isfinite(blocked.errors).all(axis=1) & np.isfinite(random.errors).all(axis=1)
    of_blocked, of_random = (_over_models(known.errors[kept], loss) for known in (blocked, random))
    found = OptimismBias.of(of_blocked, of_random, loss)
    share, low, high = (100 * part for part in (found.share, found.low, found.high))
    if np.isfinite(found.low):
        judged = Judgement(answer_from(share, low, high, margin=100 * MARGIN), share, low, high)
    else:
        judged = Judgement("cannot tell", share, lacking=_lacking(blocked.errors.shape[1]))
    sentence = N_("Over all models, random folds make the error smaller by {share}.")
    return claim(
        N_("Random folds flatter"), judged, unit="%", sentence=Message(sentence, {"share": format_percent(found.share)})
    )


def _over_models(errors: np.ndarray, loss: str) -> np.ndarray:
    """Errors (days,) whose loss is the mean loss of models, from theirs (models, days)."""
    return errors.mean(axis=0) if loss == "mae" else np.sqrt((errors**2).mean(axis=0))


def _lacking(days: int) -> Message:
    return Message(TOO_FEW_DAYS, {"days": days, "needed": FEWEST_DAYS}) if days < FEWEST_DAYS else Message(ALIKE_DAYS)
