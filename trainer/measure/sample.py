"""Text from a trained model, for people, a piece as soon as it is drawn."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from trainer.measure import checkpoint, machine, own_tokens, tokenizer
from trainer.measure.errors import UsageError

CODE = ("def ", "class ", "import ")
PROSE = ("The capital of France is", "If yesterday was Friday, then tomorrow", "My favorite color is")


@dataclass(frozen=True, slots=True)
class Taste:
    """How the next token is drawn. temperature: 0 takes the likeliest. top_k: of so many likeliest, 0 = of all."""

    temperature: float = 0.8
    top_k: int = 50
    tokens: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises UsageError."""
        if self.temperature < 0:
            raise UsageError(f"--temperature {self.temperature}: want 0 or more")
        if self.top_k < 0:
            raise UsageError(f"--top-k {self.top_k}: want 0 (all) or more")


class Writer:
    """A run's model, ready to write; `prompts` are some that suit its corpus."""

    def __init__(self, run: Path, data_folder: Path, device_text: str) -> None:
        data = own_tokens.open_folder(data_folder, device_text)
        self.prompts = CODE if data.facts["request"]["corpus"] == "stdlib" else PROSE
        self._encoding, self._bos = tokenizer.load(data.tokenizer()), data.bos
        self._device = machine.device(device_text)
        self._model, stored = checkpoint.load(run, self._device, machine.dtype(self._device))
        self._context = int(stored["recipe"]["sequence_length"])

    def write(self, prompt: str, taste: Taste) -> Iterator[str]:
        """What follows the prompt, in pieces, until the model ends the document. The same for the same seed whatever was
        written before; each draw sees the last tokens that fit the model's training rows."""
        return pieces(map(self._encoding.decode_single_token_bytes, self._tokens(prompt, taste)))

    def _tokens(self, prompt: str, taste: Taste) -> Iterator[int]:
        generator = torch.Generator().manual_seed(taste.seed)
        tokens = [self._bos, *self._encoding.encode_ordinary(prompt)]
        for _ in range(taste.tokens):
            tokens.append(drawn(self._next(tokens), taste, generator))
            if tokens[-1] == self._bos:
                return
            yield tokens[-1]

    @torch.inference_mode()
    def _next(self, tokens: list[int]) -> torch.Tensor:
        """(V,) logits of the token after these."""
        seen = torch.tensor([tokens[-self._context :]], device=self._device)
        return self._model.logits(seen)[0, -1].float().cpu()


def drawn(logits: torch.Tensor, taste: Taste, generator: torch.Generator) -> int:
    """One token. logits: (V,)."""
    if taste.temperature == 0:
        return int(logits.argmax())
    kept, tokens = logits.topk(min(taste.top_k or len(logits), len(logits)))
    chances = torch.softmax(kept / taste.temperature, dim=-1)
    return int(tokens[torch.multinomial(chances, 1, generator=generator)])


def pieces(drawn_bytes: Iterable[bytes]) -> Iterator[str]:
    """Text as soon as its letters are whole: a letter may take several tokens."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in map(decoder.decode, drawn_bytes):
        if piece:
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest
