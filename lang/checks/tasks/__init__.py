"""A task as written -> its inputs and outputs, how a network reads and answers it, and its metrics."""
