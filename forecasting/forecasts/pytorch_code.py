"""The code of a run in plain PyTorch: the data, the function, the loss and the optimization, each from its settings.

Whoever runs it draws as Viewcast draws: the start of the network from the bare seed, the order of the windows and what
is random in an update from generators of their own (forecasting/networks/updates.py).
"""

import json
import re
import textwrap
from itertools import pairwise
from string import Template

import pandas as pd

from forecasting.metrics import LOSS_NAMES
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.split import Period
from forecasting.windows import COMMON_HISTORY

# A line that is only a name becomes the lines of its part, or none.
DATA = """\
$imports
import numpy as np
import pandas as pd
import torch
from torch import nn

torch.set_num_threads(1)  # faster for a network of this size

# The data: windows of $window_days, and the $targets after each
table = pd.read_csv($file, index_col=0, parse_dates=True)
days, views = table.index, table.iloc[:, 0].to_numpy(float)
$measured


def target_days(first, last):
    \"""Positions of the days to predict, each after $history days of views.\"""
    period = days.slice_indexer(first, last)
    $target_days


train_days = target_days($train)
held_out_days = target_days($held_out)
$validation
$last_days

$scale


def windows(t):
    \"""Inputs x and targets y of the target days t, scaled.\"""
    x = scale(views[t[:, None] + np.arange(-$window, 0)])
    y = scale($measured_views[t[:, None] + np.arange($horizon)])
    $subtract
    $weekday
    return [torch.tensor(part, dtype=torch.float32) for part in $parts]


train_set, held_out_set = windows(train_days), windows(held_out_days)
$validation_set
"""
COMPLETE = "return np.arange(max(period.start, $history), period.stop$beyond)"
WITH_GAPS = """\
t = np.arange(max(period.start, $history), period.stop$beyond)
past = [np.isfinite(views[i - $history : i]).all() and np.isfinite(measured[i - 1]) for i in t]
future = [np.isfinite(measured[i : i + $horizon]).any() for i in t]
return t[np.logical_and(past, future)]
"""
MEASURED = """\
measured = views.copy()  # what was not measured is no target, and not the last day of a window
$absent
$filled
"""
ABSENT = "measured[days.day_of_week.isin($weekdays)] = np.nan"
FILLED = """\
filled = \"""
$stretches
\"""
for stretch in filled.split():
    measured[days.slice_indexer(*stretch.split("/"))] = np.nan
"""
FUNCTION = """\
$dropout
# Step 1: a function with unknowns
class Model(nn.Module):
    def __init__(self, seed):
        super().__init__()
        $draw
        self.layers = nn.Sequential(
            $layers
        )
        start = torch.Generator().manual_seed(seed)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):  # the range in which PyTorch draws them too
                bound = layer.in_features**-0.5
                weight = torch.empty(layer.in_features, layer.out_features).uniform_(-bound, bound, generator=start)
                layer.weight.data.copy_(weight.T)
                layer.bias.data.uniform_(-bound, bound, generator=start)

    def forward(self, x):
        return self.layers(x)
"""
DROPOUT = """\
class Dropout(nn.Module):  # nn.Dropout, with a generator of its own
    def __init__(self, share, generator):
        super().__init__()
        self.kept, self.generator = 1 - share, generator

    def forward(self, h):
        if not self.training:
            return h
        return h * (torch.rand(h.shape, generator=self.generator) < self.kept) / self.kept


"""
LOSS = """\
# Step 2: the loss of the unknowns
loss_function = $criterion
$to_views


@torch.no_grad()
def loss_in_views(model, $given):
    model.eval()
    error = $error
    return $measure.item()
"""
OPTIMIZATION = """\
$adagrad
$share
# Step 3: optimization
def train(seed):
    model = Model(seed)
    x, y = $training_set
    $weights
    optimizer = $optimizer
    $scheduler
    order = torch.Generator().manual_seed(1_000_003 + seed)  # of the windows in each epoch
    $best
    for epoch in range(1, $epochs + 1):
        model.train()
        for batch in torch.randperm(len(x), generator=order).split($batch_size):
            $update
        $step_scheduler
        losses = loss_in_views(model, *train_set), loss_in_views(model, *held_out_set)
        print("seed {}, epoch {}: train {:.2f}, held-out {:.2f}".format(seed, epoch, *losses))
        $early_stopping
    $take_best
    return losses


losses = np.array([train(seed) for seed in range($seeds)])
print("$measure in views, mean of seeds: train {:.2f}, held-out {:.2f}".format(*losses.mean(axis=0)))
$ended
"""
UPDATE = """\
$noise
$batch_loss
$penalty
optimizer.zero_grad()
loss.backward()
$clip
optimizer.step()
"""
LINE_SEARCH = """\

def closure():  # the line search asks for the loss several times
    optimizer.zero_grad()
    $batch_loss
    $penalty
    loss.backward()
    return loss

optimizer.step(closure)
"""
EARLY_STOPPING = """\
validation_loss = loss_in_views(model, *validation_set)
if validation_loss < best_loss:
    best_loss, best_epoch, best = validation_loss, epoch, copy.deepcopy(model.state_dict())
if epoch - best_epoch >= $patience:
    break
"""
TAKE_BEST = """\
model.load_state_dict(best)
losses = loss_in_views(model, *train_set), loss_in_views(model, *held_out_set)
"""
ADAGRAD = """\
class Adagrad(torch.optim.Optimizer):  # the lecture's: the root of the mean of squared gradients, not of their sum
    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                state["sum"] = state.get("sum", 0) + p.grad**2
                p -= group["lr"] * p.grad / ((state["sum"] / state["step"]).sqrt() + 1e-10)


"""
SCHEDULER = "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)"
ENDED = 'print("The run itself ended at: train {:.2f}, held-out {:.2f}")'

ACTIVATIONS = {"relu": "nn.ReLU()", "sigmoid": "nn.Sigmoid()", "hard-sigmoid": "nn.Hardsigmoid()"}
CRITERIA = {"mae": "nn.L1Loss()", "mse": "nn.MSELoss()"}
MEASURES = {"mae": "error.abs().mean()", "mse": "error.square().mean().sqrt()"}
PLAIN_OPTIMIZERS = {
    "adam": "torch.optim.Adam($parameters, lr=$rate)",
    "sgd": "torch.optim.SGD($parameters, lr=$rate)",
    "momentum": "torch.optim.SGD($parameters, lr=$rate, momentum=$momentum)",
    "nesterov": "torch.optim.SGD($parameters, lr=$rate, momentum=$momentum, nesterov=True)",
    "adagrad": "torch.optim.Adagrad($parameters, lr=$rate)",
    "adagrad-mean": "Adagrad($parameters, lr=$rate)",
    "rmsprop": "torch.optim.RMSprop($parameters, lr=$rate)",
    "adamw": "torch.optim.AdamW($parameters, lr=$rate, weight_decay=0)",
    "lbfgs": 'torch.optim.LBFGS($parameters, lr=1, max_iter=1, max_eval=25, line_search_fn="strong_wolfe")',
}
DECAY_IN_LOSS = ("lbfgs", "adagrad-mean")  # these take no weight decay
SCHEDULES = {  # epochs since the schedule began -> share of the learning rate
    "constant": "1",
    "step": "$decay ** ($passed // $decay_epochs)",
    "1/t": "1 / (1 + $passed / $decay_epochs)",
    "cosine": "(1 + math.cos(math.pi * $passed / $span)) / 2",
}
OFFSETS = {
    "nothing": "",
    "mean": "offset = x.mean(axis=1, keepdims=True)\nx, y = x - offset, y - offset",
    "last": "offset = x[:, -1:]\nx, y = x - offset, y - offset",
}


# The data


def data_code(settings: RunSettings, series: Series, file: str) -> str:
    """Reads the file, finds the target days of both periods, and scales."""
    net = settings.architecture
    return _fill(
        DATA,
        imports=_imports(settings),
        file=json.dumps(file, ensure_ascii=False),
        window=net.window,
        horizon=net.horizon,
        window_days=_days(net.window),
        targets=_days(net.horizon) if net.horizon > 1 else "day",
        measured=_measured(series),
        measured_views=_target_views(series),
        scale=_scale(settings, series),
        **_target_days(settings, series),
        **_inputs(settings),
    )


def _target_days(settings: RunSettings, series: Series) -> dict[str, object]:
    """The parts that say which days are predicted."""
    horizon, kept = settings.architecture.horizon, settings.regularisation
    history = max(settings.architecture.window, COMMON_HISTORY)
    beyond = f" - {horizon - 1}" if horizon > 1 else ""
    known = WITH_GAPS if _has_gaps(series) else COMPLETE
    return {
        "history": history,
        "target_days": _fill(known, history=history, horizon=horizon, beyond=beyond),
        "train": _ends(settings.split.train),
        "held_out": _ends(settings.split.held_out),
        "validation": _validation(horizon, kept.validation),
        "validation_set": "validation_set = windows(validation_days)" if kept.validation else "",
        "last_days": f"train_days = train_days[-{kept.train_days}:]" if kept.train_days else "",
    }


def _inputs(settings: RunSettings) -> dict[str, object]:
    """The parts that say what the network sees besides scaled views."""
    inputs = settings.inputs
    return {
        "subtract": OFFSETS[inputs.subtract],
        "weekday": "x = np.concatenate([x, np.eye(7)[days[t].day_of_week]], axis=1)" if inputs.weekday else "",
        "parts": "(x, y, offset)" if _has_offset(settings) else "(x, y)",
    }


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _has_offset(settings: RunSettings) -> bool:
    """Whether what was subtracted is needed again: a difference of views does not change, one of logarithms does."""
    return settings.inputs.log and settings.inputs.subtract != "nothing"


def _has_gaps(series: Series) -> bool:
    return bool(series.measured.isna().any())


def _target_views(series: Series) -> str:
    """The array that targets are taken from."""
    return "measured" if _has_gaps(series) else "views"


def leaves_targets_out(settings: RunSettings, series: Series) -> bool:
    """Whether some of a window's targets may not have been measured while others were."""
    return settings.architecture.horizon > 1 and _has_gaps(series)


def _imports(settings: RunSettings) -> str:
    """What is needed of Python itself."""
    early, cosine = settings.regularisation.patience > 0, settings.training.schedule == "cosine"
    names = ["copy"] * early + ["math"] * cosine
    return "".join(f"import {name}\n" for name in names) + "\n" * bool(names)


def _ends(days: Period) -> str:
    return f'"{days.first}", "{days.last}"'


def _measured(series: Series) -> str:
    """Which days of the file were measured; nothing where all were."""
    if not _has_gaps(series):
        return ""
    lost = series.measured.isna()
    weekdays = lost.index.day_of_week
    absent = [day for day in range(7) if lost[weekdays == day].all()]
    filled = lost.index[lost & series.views.notna() & ~weekdays.isin(absent)]
    weekdays_code = Template(ABSENT).substitute(weekdays=absent) if absent else ""
    return _fill(MEASURED, absent=weekdays_code, filled=_filled(filled) if len(filled) else "")


def _filled(days: pd.DatetimeIndex) -> str:
    """Days of the file that were filled in, as stretches."""
    stretches = " ".join(f"{first.date()}/{last.date()}" for first, last in _stretches(days))
    return _fill(FILLED, stretches=textwrap.fill(stretches, 110))


def _stretches(days: pd.DatetimeIndex) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last day of every stretch of days without a gap."""
    starts = [0, *(place for place, (a, b) in enumerate(pairwise(days), 1) if (b - a).days > 1), len(days)]
    return [(days[start], days[end - 1]) for start, end in pairwise(starts)]


def _validation(horizon: int, share: float) -> str:
    """The last training days apart, and no day in both."""
    if not share:
        return ""
    end = f" cut - {horizon - 1}" if horizon > 1 else "cut"
    return (
        f"cut = len(train_days) - max(round({share} * len(train_days)), 1)\n"
        f"train_days, validation_days = train_days[:{end}], train_days[cut:]"
    )


def _scale(settings: RunSettings, series: Series) -> str:
    """From views to what the network sees."""
    values, horizon = "v", settings.architecture.horizon
    targets = f"{_target_views(series)}[train_days[:, None] + np.arange({horizon})]"
    if settings.inputs.log:
        values, targets = "np.log1p(v)", f"np.log1p({targets})"
    moments = "mean, std = targets.mean(), targets.std() or 1.0"
    if leaves_targets_out(settings, series):
        moments = "mean, std = np.nanmean(targets), np.nanstd(targets) or 1.0"
    known = [f"targets = {targets}", moments]
    lines = known if settings.inputs.standardise else ["mean, std = 0.0, 1.0  # not standardised"]
    return "\n".join([*lines, "", "", "def scale(v):", f"    return ({values} - mean) / std"])


# The three steps


def function_code(settings: RunSettings) -> str:
    """The network, with its start drawn from a seed."""
    kept = settings.regularisation
    own = "self.draw = torch.Generator().manual_seed(2_000_003 + seed)  # of what is random in an update"
    return _fill(
        FUNCTION,
        dropout=DROPOUT if kept.dropout else "",
        draw=own if kept.dropout or kept.noise else "",
        layers="\n".join(_layers(settings)),
    )


def _layers(settings: RunSettings) -> list[str]:
    net, dropout = settings.architecture, settings.regularisation.dropout
    window, *outputs = net.sizes
    *hidden, last = pairwise((window + settings.inputs.columns(net.horizon), *outputs))
    after = [f"{ACTIVATIONS[net.family]},"] if hidden else []
    after += [f"Dropout({dropout}, self.draw),"] if dropout else []
    lines = [line for a, b in hidden for line in (f"nn.Linear({a}, {b}),", *after)]
    return [*lines, "nn.Linear({}, {}),".format(*last)]


def loss_code(settings: RunSettings, series: Series) -> str:
    """What is minimised, and the same in views."""
    loss, offset = settings.training.loss, " + offset" if _has_offset(settings) else ""
    error = "(model(x) - y) * std"
    if settings.inputs.log:
        error = f"to_views(model(x){offset}) - to_views(y{offset})"
    return _fill(
        LOSS,
        criterion=CRITERIA[loss],
        to_views="\n\ndef to_views(z):\n    return torch.expm1(z * std + mean)" if settings.inputs.log else "",
        given="x, y, offset" if offset else "x, y",
        error=error,
        measure=MEASURES[loss].replace("mean", "nanmean") if leaves_targets_out(settings, series) else MEASURES[loss],
    )


def optimization_code(settings: RunSettings, series: Series, *, epochs: int, losses: tuple[float, float] | None) -> str:
    """Trains every seed for `epochs`, prints both losses of each, and at the end those that the run ended at."""
    training, kept = settings.training, settings.regularisation
    return _fill(
        OPTIMIZATION,
        adagrad=ADAGRAD if training.optimizer == "adagrad-mean" else "",
        batch_size=training.batch_size or "len(x)",
        training_set="train_set[:2]" if _has_offset(settings) else "train_set",
        weights=_weights(settings),
        optimizer=_optimizer(settings),
        share=_share(settings),
        scheduler=SCHEDULER if _has_schedule(settings) else "",
        step_scheduler="scheduler.step()" if _has_schedule(settings) else "",
        epochs=epochs,
        update=_update(settings, measured_only=leaves_targets_out(settings, series)),
        best='best_loss, best_epoch, best = float("inf"), 0, model.state_dict()' if kept.patience else "",
        early_stopping=_fill(EARLY_STOPPING, patience=kept.patience) if kept.patience else "",
        take_best=TAKE_BEST if kept.patience else "",
        seeds=training.seeds,
        measure=LOSS_NAMES[training.loss],
        ended=ENDED.format(*losses) if losses else "",
    )


def _weights(settings: RunSettings) -> str:
    """Tells weights from biases, where only they are kept small."""
    kept = settings.regularisation
    lines = ["weights = [p for p in model.parameters() if p.ndim == 2]"] * bool(kept.weight_decay or kept.l1)
    if _decays_by_optimizer(settings):
        lines.append("biases = [p for p in model.parameters() if p.ndim == 1]")
        lines.append(f'groups = [{{"params": weights, "weight_decay": {kept.weight_decay}}}, {{"params": biases}}]')
    return "\n".join(lines)


def _decays_by_optimizer(settings: RunSettings) -> bool:
    return settings.regularisation.weight_decay > 0 and settings.training.optimizer not in DECAY_IN_LOSS


def _optimizer(settings: RunSettings) -> str:
    training, parameters = settings.training, "groups" if _decays_by_optimizer(settings) else "model.parameters()"
    call = Template(PLAIN_OPTIMIZERS[training.optimizer])
    return call.substitute(parameters=parameters, rate=training.learning_rate, momentum=training.momentum)


def _has_schedule(settings: RunSettings) -> bool:
    return settings.training.schedule != "constant" or settings.training.warmup > 0


def _share(settings: RunSettings) -> str:
    """The schedule as a function; nothing for a constant rate."""
    if not _has_schedule(settings):
        return ""
    training, warmup = settings.training, settings.training.warmup
    share = Template(SCHEDULES[training.schedule]).substitute(
        decay=training.decay,
        decay_epochs=training.decay_epochs,
        span=max(training.epochs - warmup, 1),
        passed=f"(t - {warmup})" if warmup else "t",
    )
    rise = f"    if t < {warmup}:  # warm-up\n        return (t + 1) / {warmup + 1}\n" if warmup else ""
    return f"def share(t):  # of the learning rate in epoch t + 1\n{rise}    return {share}\n\n\n"


def _update(settings: RunSettings, measured_only: bool) -> str:
    """What is done with a batch; only measured targets count."""
    kept, window = settings.regularisation, settings.architecture.window
    if settings.training.optimizer == "lbfgs":
        loss = _batch_loss("x[batch]", measured_only)
        return _fill(LINE_SEARCH, batch_loss=loss, penalty=_penalty(settings))
    noise = (
        "noisy = x[batch]\n"
        f"noisy[:, :{window}] += {kept.noise} * torch.randn(len(batch), {window}, generator=model.draw)"
    )
    return _fill(
        UPDATE,
        noise=noise if kept.noise else "",
        batch_loss=_batch_loss("noisy" if kept.noise else "x[batch]", measured_only),
        penalty=_penalty(settings),
        clip=f"nn.utils.clip_grad_norm_(model.parameters(), {kept.clip})" if kept.clip else "",
    )


def _batch_loss(inputs: str, measured_only: bool) -> str:
    """The loss of a batch, of its measured targets alone where some are not."""
    if not measured_only:
        return f"loss = loss_function(model({inputs}), y[batch])"
    return f"known = y[batch].isfinite()\nloss = loss_function(model({inputs})[known], y[batch][known])"


def _penalty(settings: RunSettings) -> str:
    """What weight decay and L1 add to the loss, where the optimizer does not see to it."""
    kept, lines = settings.regularisation, []
    if kept.weight_decay and not _decays_by_optimizer(settings):
        lines.append(f"loss = loss + {kept.weight_decay} / 2 * sum(w.square().sum() for w in weights)")
    if kept.l1:
        lines.append(f"loss = loss + {kept.l1} * sum(w.abs().sum() for w in weights)")
    return "\n".join(lines)


def _fill(template: str, **parts: object) -> str:
    """The template with its $names replaced; a line of a name alone becomes the lines of its part, indented alike."""
    lines = []
    for line in template.splitlines():
        alone = re.fullmatch(r"( *)\$(\w+)", line)
        if not alone:
            lines.append(Template(line).substitute(parts))
        elif part := str(parts[alone[2]]):
            lines += textwrap.indent(part, alone[1]).splitlines()
    return "\n".join(lines) + "\n"
