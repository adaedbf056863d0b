"""The GPT: rotary positions, RMSNorm without parameters, normalized queries and keys, ReLU², untied embeddings,
capped logits, gated value embeddings, and a residual and an input multiplier a layer. One dial, `depth`, sizes it.

Parameters are float32; the forward pass computes in `dtype` and casts a weight where it is used.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainer import attention
from trainer.kernels import norm, relu_squared
from trainer.loss import capped_cross_entropy, softcapped
from trainer.recipe import Recipe


def build(recipe: Recipe, *, depth: int, vocab: int, dtype: torch.dtype) -> "GPT":
    """A model of `depth` layers; its parameters hold nothing until `initialize`."""
    width = math.ceil(recipe.aspect * depth / recipe.head_dim) * recipe.head_dim
    return GPT(recipe, depth=depth, width=width, vocab=vocab, dtype=dtype)


class Linear(nn.Linear):
    """A bias-free linear map whose float32 weight is used in the input's format."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)

    def reset_parameters(self) -> None:
        """Nothing: `GPT.initialize` does it."""

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) → (…, outputs)."""
        return F.linear(x, self.weight.to(x.dtype))


class Attention(nn.Module):
    """Causal self-attention with rotary positions; values may be joined by a table's, gated by the input."""

    def __init__(self, recipe: Recipe, width: int, has_value_embedding: bool) -> None:
        super().__init__()
        self.heads, self.head_dim, self.qk_scale = width // recipe.head_dim, recipe.head_dim, recipe.qk_scale
        self.qkv = nn.Parameter(torch.empty(3, width, width))  # a stack: Muon treats each of the three by itself
        self.out = Linear(width, width)
        self.gate = Linear(min(recipe.value_gate_channels, width), self.heads) if has_value_embedding else None

    def forward(self, x: Tensor, value: Tensor | None, rope: tuple[Tensor, Tensor], window: int) -> Tensor:
        """x: (B, T, width). value: (B, T, width) of the value table, or None."""
        B, T, width = x.shape
        qkv = F.linear(x, self.qkv.flatten(0, 1).to(x.dtype)).view(B, T, 3, self.heads, self.head_dim)
        qk, v = qkv.split((2, 1), dim=2)
        (q, k), v = rotated(norm(qk), rope).unbind(2), v.squeeze(2)
        if self.gate is not None and value is not None:
            gate = 2 * torch.sigmoid(self.gate(x[..., : self.gate.in_features]))
            v = v + gate[..., None] * value.view(B, T, self.heads, self.head_dim)
        if self.qk_scale != 1:
            q, k = q * self.qk_scale, k * self.qk_scale
        return self.out(attention.attend(q, k, v, window).reshape(B, T, width))


class MLP(nn.Module):
    """Two matrices around a squared ReLU."""

    def __init__(self, recipe: Recipe, width: int) -> None:
        super().__init__()
        self.up = Linear(width, int(width * recipe.mlp_ratio))
        self.down = Linear(self.up.out_features, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) → the same."""
        return self.down(relu_squared(self.up(x)))


class Block(nn.Module):
    """Attention, then MLP, each added to the stream it reads normalized."""

    def __init__(self, recipe: Recipe, width: int, has_value_embedding: bool) -> None:
        super().__init__()
        self.attention = Attention(recipe, width, has_value_embedding)
        self.mlp = MLP(recipe, width)

    def forward(self, x: Tensor, value: Tensor | None, rope: tuple[Tensor, Tensor], window: int) -> Tensor:
        """x: (B, T, width) → the same."""
        x = x + self.attention(norm(x), value, rope, window)
        return x + self.mlp(norm(x))


class GPT(nn.Module):
    """A decoder. `logits` predicts the next token at each position, `loss` scores that prediction."""

    def __init__(self, recipe: Recipe, *, depth: int, width: int, vocab: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.recipe, self.dtype, self.width = recipe, dtype, width
        self.windows = windows(recipe, depth)
        with_values = {layer for layer in range(depth) if recipe.value_embeddings and (depth - 1 - layer) % 2 == 0}
        self.embedding = nn.Embedding(vocab, width, _weight=torch.empty(vocab, width))
        self.values = nn.ModuleDict(
            {str(layer): nn.Embedding(vocab, width, _weight=torch.empty(vocab, width)) for layer in sorted(with_values)}
        )
        self.blocks = nn.ModuleList(Block(recipe, width, layer in with_values) for layer in range(depth))
        self.residual = nn.Parameter(torch.empty(depth))
        self.x0 = nn.Parameter(torch.empty(depth))
        self.head = Linear(width, vocab)
        # Kept, because a compiler would reckon angles, sines and cosines anew for each number that they turn.
        cos, sin = rotary(recipe.sequence_length, recipe, self.head.weight.device, dtype)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    @torch.no_grad()
    def initialize(self, generator: Callable[[str], torch.Generator]) -> None:
        """Fill every parameter from the generator of its own name, so that none depends on another's presence."""
        for name, parameter in self.named_parameters():
            parameter.copy_(initial(name, parameter.shape, self.width, self.recipe, generator(name)))

    def logits(self, tokens: Tensor) -> Tensor:
        """(B, T) int64 → (B, T, V) float32."""
        return softcapped(self.head(self._stream(tokens)).float(), self.recipe.softcap)

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Sum over positions of -ln p(target), in nats; targets of -1 count nothing. Both (B, T)."""
        stream = self._stream(tokens).flatten(0, 1)
        return capped_cross_entropy(stream, self.head.weight, targets.flatten(), self.recipe.softcap)

    def _stream(self, tokens: Tensor) -> Tensor:
        """(B, T) → the normalized last hidden state, (B, T, width)."""
        x = x0 = norm(self.embedding(tokens).to(self.dtype))
        rope = self._rope(tokens.size(1))
        residual, weight0 = self.residual.to(self.dtype), self.x0.to(self.dtype)
        for layer, block in enumerate(self.blocks):
            x = residual[layer] * x + weight0[layer] * x0
            value = self.values[str(layer)](tokens).to(self.dtype) if str(layer) in self.values else None
            x = block(x, value, rope, self.windows[layer])
        return norm(x)

    def _rope(self, T: int) -> tuple[Tensor, Tensor]:
        """What `rotary` says for T tokens, which may be more than a training row has."""
        if len(self.cos) < T:
            return rotary(T, self.recipe, self.cos.device, self.dtype)
        return self.cos[:T], self.sin[:T]


def initial(name: str, shape: torch.Size, width: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """First values of the parameter `name`."""
    match name.split("."):
        case ["residual"]:
            return torch.full(shape, recipe.residual_init)
        case ["x0"]:
            return torch.full(shape, recipe.x0_init)
        case ["embedding", "weight"]:
            return recipe.embedding_init * torch.randn(shape, generator=generator)
        case ["head", "weight"]:
            return recipe.head_init * torch.randn(shape, generator=generator)
        case [*_, "out" | "down" | "gate", "weight"]:
            return torch.zeros(shape)
        case _:
            spread = math.sqrt(3 / width) * recipe.matrix_init
            return torch.empty(shape).uniform_(-spread, spread, generator=generator)


def windows(recipe: Recipe, depth: int) -> list[int]:
    """Tokens that each layer sees to the left, -1 = all."""
    short = int(recipe.short_window * recipe.sequence_length)
    sizes = {"L": -1, "S": short}
    pattern = [sizes[recipe.window_pattern[layer % len(recipe.window_pattern)]] for layer in range(depth)]
    return [*pattern[:-1], -1]


def rotary(T: int, recipe: Recipe, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary angles, each (T, 1, 1, head_dim / 2). Source: Su et al. 2021, arXiv 2104.09864."""
    half = recipe.head_dim // 2
    speeds = recipe.rope_base ** (-torch.arange(half, device=device, dtype=torch.float32) / half)
    angles = torch.arange(T, device=device, dtype=torch.float32)[:, None] * speeds
    return angles.cos()[:, None, None].to(dtype), angles.sin()[:, None, None].to(dtype)


def rotated(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    """x: (B, T, …, H, D), channel i turned together with channel i + D / 2 by the position's angle."""
    cos, sin = rope
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos + b * sin, b * cos - a * sin), dim=-1)
