"""Model files that version 0.2 wrote load, and forecast what they forecast then."""

from pathlib import Path

import numpy as np
import pytest

from forecasting.forecasts.model_file import load_model
from forecasting.series import Series

FILES = Path(__file__).parent / "version_0_2"
SHOWN = {  # three days ahead by version 0.2: forecast, lower and upper edge of the 90 % interval
    "run": [
        [4605.8821898089345, 4597.262087258507, 4648.811619912838],
        [4384.464984305628, 4394.433693354239, 4448.607530978477],
        [5887.842130448074, 5934.093427393117, 5984.152843296871],
    ],
    "auto": [
        [5084.577557761883, 5746.634311712642, 5945.15727454341],
        [4772.218634882571, 5414.323100848179, 5618.51671015982],
        [5370.14403788605, 6069.813266392987, 6289.445015836831],
    ],
}


@pytest.mark.parametrize("name", SHOWN)
def test_file_of_version_0_2_forecasts_the_same(views, name):
    model = load_model((FILES / f"{name}.safetensors").read_bytes())
    found = model.forecast(Series(views), horizon=3, levels=[0.9])
    point, *edges = SHOWN[name]
    np.testing.assert_allclose(found.point, point, rtol=1e-6)
    # Edges are made of the file's errors as this version does it: near those of then, not the same.
    np.testing.assert_allclose([found.bands[0].lower, found.bands[0].upper], edges, rtol=0.03)
    assert [one.horizon for one in found.judged if one.method == "last-week"] == [1, 3]
