"""What `python -m forecasting` does, a module for each group of commands."""
