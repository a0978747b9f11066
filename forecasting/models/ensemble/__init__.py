"""Auto: an average of many models, each weighted by its recent errors."""
