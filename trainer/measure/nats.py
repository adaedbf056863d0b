"""Losses from logits, in numpy and in the scorer's own process, so that their scale is nobody else's."""

import numpy

from trainer.measure.errors import InvalidScore


def losses(logits: numpy.ndarray, targets: numpy.ndarray) -> numpy.ndarray:
    """-ln softmax(logits)[target] in nats, float64, shape of targets. Overwrites logits.

    logits: (..., V) float32. targets: (...) int64. Raises InvalidScore where a logit is no finite number.
    """
    highest = logits.max(axis=-1, keepdims=True)
    if not (numpy.isfinite(highest).all() and numpy.isfinite(logits.min(axis=-1)).all()):
        raise InvalidScore("a logit is NaN or infinite")
    of_target = numpy.take_along_axis(logits, targets[..., None], axis=-1)
    numpy.subtract(logits, highest, out=logits)
    numpy.exp(logits, out=logits)
    total = numpy.log(logits.sum(axis=-1, dtype=numpy.float32).astype(numpy.float64))
    return total + (highest - of_target)[..., 0].astype(numpy.float64)
