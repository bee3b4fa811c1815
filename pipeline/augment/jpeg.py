"""Compression as phones and websites do it, each picture by its own draw."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

BEST = 100  # quality from which on pictures stay as they are


def compress_each(pictures: Tensor, quality: list[int]) -> Tensor:
    """Pictures [N, C, H, W] in 0 .. 1, each saved as JPEG with a quality between these two, both included."""
    low, high = quality
    if low >= BEST:
        return pictures
    drawn = torch.randint(low, high + 1, (len(pictures),)).tolist()
    stored = (pictures.clamp(0, 1) * 255).round().to(torch.uint8)
    seen = [p if q >= BEST else functional.jpeg(p, q) for p, q in zip(stored, drawn, strict=True)]
    return torch.stack(seen).float() / 255
