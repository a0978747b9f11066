"""AutoETS of statsforecast on many series, for `tests.benchmark.batch`. Runs in an environment of its own.

    PYTHON peers_many.py LONG.parquet OUT.parquet HORIZON

LONG has columns unique_id, ds and y, as OUT has with the days to come. It prints the seconds of the processor that
fitting and forecasting took, one process and one thread; to compile it first is not counted.
"""

import sys
import time

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS


def main(source: str, out: str, horizon: int) -> None:
    frame = pd.read_parquet(source)
    compiled = AutoETS(season_length=7)
    compiled.forecast(y=np.arange(60.0) % 7 + 1, h=horizon)
    begun = time.process_time()
    model = StatsForecast([AutoETS(season_length=7)], freq="D", n_jobs=1)
    found = model.forecast(df=frame[["unique_id", "ds", "y"]], h=horizon)
    seconds = time.process_time() - begun
    found.assign(y=found.AutoETS.clip(lower=0)).to_parquet(out)
    print(seconds)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
