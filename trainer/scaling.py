"""The dial: `--depth` derives what a larger model needs to be different, from a recipe that was tuned at depth 2.

    width      = aspect * depth, in whole heads (model.py)
    parameters = what multiplies activations: matrices and head
    horizon    = tokens_per_parameter * parameters: the tokens that a run of this depth should be trained on
    stretch    = that horizon / the horizon that the recipe was tuned at

and each derived value is the recipe's times a power of the stretch. At depth 2 the stretch is 1, and the recipe is itself.
Both ends of the line are known. From depth 2 to 4, on a CPU, it was measured here: docs/data/scaling.csv holds the runs,
scripts/fit_scaling.py computes the slopes, LOG.md tells it. From depth 12 on it was measured by nanochat (its
scripts/base_train.py, 2026): at that horizon our values are those, and beyond it they move as those do. Between the two,
where nobody looked, lies a straight line in the logarithms. `python -m trainer plan --depth N` shows what comes out.
"""

import math
from dataclasses import dataclass, replace

from trainer.recipe import Recipe

WIDTH = 64  # channels a layer, and the MLP's ratio of 2, of the models that were measured, whatever shape a recipe tries:
MATRICES = 8  # 4 width² of attention, 4 of the MLP. Else every try of another shape would come with other learning rates.
TUNED = 1.38 * 524_288  # tokens: the horizon that recipe.yaml was tuned at, depth 2 and a vocabulary of 2048
MEASURED = 1.38 * 2_621_440  # tokens: that of depth 4, the deepest that was measured here (on fewer tokens)
PUBLISHED = 1.32e9  # tokens: that of nanochat's depth 12


@dataclass(frozen=True, slots=True)
class Line:
    """How one value moves, in octaves (factors of two) over octaves of stretch.

    near: slope up to MEASURED. there: octaves from the recipe's value to the published one, reached at PUBLISHED.
    far: slope beyond.
    """

    near: float
    there: float
    far: float

    def __call__(self, stretch: float) -> float:
        """What multiplies the recipe's value."""
        bend, end = math.log2(MEASURED / TUNED), math.log2(PUBLISHED / TUNED)
        between = (self.there - self.near * bend) / (end - bend)
        s = math.log2(stretch)
        return 2 ** (self.near * min(s, bend) + between * min(max(s - bend, 0), end - bend) + self.far * max(s - end, 0))


# Near: measured .35 ± .15, while the straight line to the published end rises by .74 ± .09; their weighted mean. Measured at
# equal FLOPs: Muon's share of a step, 13 % at depth 2 and 42 % at depth 4 with a batch of 2048, falls as the batch grows.
# There: 2**19 tokens for our 2048. Far: the best batch grows with tokens ** .383 (Bergsma et al. 2025, arXiv 2505.13738).
BATCH = Line(near=0.63, there=math.log2(2**19 / 2048), far=0.383)
# Near: -.26 ± .20, and the line to the published end -.05 ± .05: nothing. A larger batch asks for higher rates (measured: batch
# to the power .53 ± .15) and more tokens for lower ones (-.44 ± .18); along the dial the two cancel.
# Far: with the root of the batch; of tables and head also with one over the root of the width, which together is flat.
MUON_LR = Line(near=0.0, there=math.log2(0.02 / 0.03), far=0.383 / 2)
UNEMBEDDING_LR = Line(near=0.0, there=math.log2(0.008 / 0.012), far=0.0)
EMBEDDING_LR = Line(near=0.0, there=math.log2(0.3 / 0.3), far=0.0)
VALUE_EMBEDDING_LR = Line(near=0.0, there=math.log2(0.15 / 0.3), far=0.0)
# Rate * decay * steps stays as it is (Wang and Aitchison 2024, arXiv 2405.13698).
WEIGHT_DECAY = Line(near=0.0, there=math.log2(0.28 / 0.3), far=0.383 / 2 - 1)


def horizon(recipe: Recipe, *, depth: int, vocab: int) -> float:
    """Tokens that a run of this depth should be trained on."""
    width = WIDTH * depth
    return recipe.tokens_per_parameter * (depth * MATRICES * width**2 + width * vocab)


def scaled(recipe: Recipe, *, depth: int, vocab: int) -> Recipe:
    """The recipe's values as this depth needs them. What a person writes into recipe.yaml is multiplied, never replaced.

    A horizon below the one that the recipe was tuned at (depth 1, a tiny vocabulary) changes nothing: nobody measured there.
    """
    stretch = max(horizon(recipe, depth=depth, vocab=vocab) / TUNED, 1.0)
    return replace(
        recipe,
        batch_tokens=recipe.batch_tokens * 2 ** round(math.log2(BATCH(stretch))),  # whole octaves, so that rows stay whole
        muon_lr=recipe.muon_lr * MUON_LR(stretch),
        embedding_lr=recipe.embedding_lr * EMBEDDING_LR(stretch),
        value_embedding_lr=recipe.value_embedding_lr * VALUE_EMBEDDING_LR(stretch),
        unembedding_lr=recipe.unembedding_lr * UNEMBEDDING_LR(stretch),
        weight_decay=recipe.weight_decay * WEIGHT_DECAY(stretch),
    )
