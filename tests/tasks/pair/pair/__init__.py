"""A regression that several processes fit together: the same weights for any number of them."""
