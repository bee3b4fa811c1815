"""Kaggle's folder of dice photos in small, 7x11 px."""

from pathlib import Path

import numpy as np
from PIL import Image


def photos(folder: Path, numbers: range) -> None:
    folder.mkdir(parents=True)
    for number in numbers:
        Image.fromarray(np.full((11, 7, 3), 20 * number, np.uint8)).save(folder / f"IMG_{number}.jpg")


def kaggle(folder: Path, number: int = 10) -> Path:
    """Kaggle's folder in small; on every photo a three in the middle and a six below it, on the last one nothing."""
    photos(folder / "Images", range(number))
    (folder / "Annotations").mkdir()
    text = f"2 0.5 0.5 {2 / 7:.6f} {3 / 11:.6f}\n\n5 0.5 {9 / 11:.6f} {2 / 7:.6f} {2 / 11:.6f}\n"
    for n in range(number):
        (folder / "Annotations" / f"IMG_{n}.txt").write_text(text if n < number - 1 else "", encoding="utf-8")
    (folder / "Annotations" / "classes.txt").write_text("one\ntwo\n", encoding="utf-8")
    return folder
