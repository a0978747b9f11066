"""One network for every family, trained as a stack of replicas, and what is fitted beside it."""
