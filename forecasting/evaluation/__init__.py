"""How far a forecast is off, and what that proves: metrics, baselines, verdicts and differences."""
