"""How a model is chosen, and how not: the lecture's table, folds, and choosing by a public score."""
