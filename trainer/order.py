"""Which text a run learns from, and when: one pure function over the fixed corpus.

Protected code calls it once an epoch and gives packing.py the chunks it names, in its order; a chunk is at most
`sequence_length` tokens of one document. It may leave chunks out (selection), name some more often (mixture), and sort
them (curriculum). It cannot add text, and what it does is recorded: train.json tells how much of the corpus was selected,
how many different tokens were served and how many times (`selected_fraction`, `distinct_tokens`, `passes`).

What it knows is `documents` (measure/documents.py): `tokens`, `lengths`, `chunks`, `sources`, `epoch`. What it computes on
a model counts as computed outside the steps, of which a run may do one step's worth.
"""

import numpy

from trainer.measure.documents import Documents, evenly


def order(documents: Documents, draw: numpy.random.Generator) -> numpy.ndarray:
    """The chunk numbers of one epoch, (n,) int64: here all of them, each document's spread evenly.

    draw: the epoch's own generator, from the run's data seed; whatever else is random makes ranks and resumed runs differ.
    Short documents first, as an example: `numpy.argsort(numpy.repeat(documents.lengths, documents.chunks), kind="stable")`.
    """
    return evenly(documents.chunks, draw)
