"""Everything that forecasts: one protocol, one table of them."""
