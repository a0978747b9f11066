"""What comes next: methods, their backtest, intervals, Auto, and the model as a file."""
