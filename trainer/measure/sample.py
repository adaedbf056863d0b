"""Text from a trained model, for people."""

from pathlib import Path

import torch

from trainer.measure import checkpoint, machine, tokenizer
from trainer.measure import data as datas


def sample(run: Path, data_folder: Path, *, prompt: str, tokens: int, device_text: str, seed: int = 0) -> str:
    """Prompt and continuation, drawn at temperature 0.8; each draw sees the last sequence_length tokens."""
    data = datas.open_folder(data_folder)
    encoding = tokenizer.load(data.tokenizer())
    device = machine.device(device_text)
    model, stored = checkpoint.load(run, device, machine.dtype(device))
    generator = torch.Generator().manual_seed(seed)
    ids = [data.bos, *encoding.encode_ordinary(prompt)]
    with torch.inference_mode():
        for _ in range(tokens):
            seen = torch.tensor([ids[-stored["recipe"]["sequence_length"] :]], device=device)
            chances = torch.softmax(model.logits(seen)[0, -1].cpu() / 0.8, dim=-1)
            drawn = int(torch.multinomial(chances, 1, generator=generator))
            if drawn == data.bos:
                break
            ids.append(drawn)
    return encoding.decode(ids[1:])
