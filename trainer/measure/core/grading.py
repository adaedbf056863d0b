"""Batches asked, answers graded: each row's mean loss, and whether every scored token was the model's first guess."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy

from trainer.measure import nats
from trainer.measure.core.batches import Batch
from trainer.measure.core.bundle import Item, Kind
from trainer.measure.errors import InvalidScore
from trainer.measure.exchange import Shape

TOLERANCE = 1e-3  # of a logit, as in scorer.py


class Model(Protocol):
    """Whatever answers tokens with logits: scorer.Host, in another process."""

    @property
    def shape(self) -> Shape:
        """The largest batch that it takes."""
        ...

    def predictions(self, inputs: numpy.ndarray, places: numpy.ndarray) -> numpy.ndarray:
        """inputs: (B, T) int64. places: (P,). Returns (P, V) float32, valid until the next call."""
        ...


@dataclass(frozen=True, slots=True)
class Grades:
    """A value a row. loss: mean nats of the scored tokens. exact: whether each was the likeliest."""

    loss: numpy.ndarray
    exact: numpy.ndarray


def grade(model: Model, batches: Iterable[Batch], count: int) -> Grades:
    """Ask for every batch. count: rows together. Raises InvalidScore for what is no number."""
    total, tokens, missed = numpy.zeros(count), numpy.zeros(count), numpy.zeros(count)
    for batch in batches:
        logits = model.predictions(batch.inputs, batch.places)
        numpy.add.at(missed, batch.owners, logits.argmax(axis=-1) != batch.targets)
        numpy.add.at(tokens, batch.owners, 1)
        numpy.add.at(total, batch.owners, nats.losses(logits, batch.targets))
    return Grades(total / tokens, missed == 0)


def right(kind: Kind, items: Sequence[Item], grades: Grades) -> int:
    """Items that are answered rightly; of equal losses the first option counts. Rows are the items' options in order."""
    if kind is Kind.LANGUAGE_MODELING:
        return int(grades.exact.sum())
    ends = numpy.cumsum([len(item.options) for item in items])
    chosen = (losses.argmin() for losses in numpy.split(grades.loss, ends[:-1]))
    return sum(int(choice) == item.gold for choice, item in zip(chosen, items, strict=True))


def check_causal(model: Model, batch: Batch, vocab: int) -> float:
    """In each row all tokens after the first scored place are replaced; that prediction must stand. Returns its change."""
    T = batch.inputs.shape[1]
    _, firsts = numpy.unique(batch.owners, return_index=True)
    places = batch.places[numpy.sort(firsts)]
    before = numpy.ones(batch.inputs.shape, dtype=bool)
    before[places // T] = numpy.arange(T) <= (places % T)[:, None]
    noise = numpy.random.default_rng(0).integers(0, vocab - 1, size=before.shape)
    old = model.predictions(batch.inputs, places).copy()
    change = _change(old, model.predictions(numpy.where(before, batch.inputs, noise), places))
    if change > TOLERANCE:
        raise InvalidScore(f"the model looks ahead: changed later tokens moved an earlier logit by {change:.3g}")
    return change


def check_stateless(model: Model, batch: Batch, opening: numpy.ndarray) -> float:
    """The same batch as at the beginning. Returns how far a logit moved."""
    change = _change(opening, model.predictions(batch.inputs, batch.places))
    if change > TOLERANCE:
        raise InvalidScore(f"the model keeps state: the same batch, asked again, moved a logit by {change:.3g}")
    return change


def _change(old: numpy.ndarray, new: numpy.ndarray) -> float:
    if not (numpy.isfinite(old).all() and numpy.isfinite(new).all()):
        raise InvalidScore("a logit is NaN or infinite")
    return float(numpy.abs(old - new).max())
