"""A small regression by gradient descent that keeps the task contract."""
