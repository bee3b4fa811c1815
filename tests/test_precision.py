"""In which precision a run computes."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import nn

from pipeline.learner import Batches, Learner
from pipeline.params import load_params
from pipeline.train import precision_of


@pytest.mark.parametrize(
    ("able", "precision"),
    [
        ({"avx512_bf16": True}, "bf16-mixed"),
        ({"amx_bf16": True}, "bf16-mixed"),
        ({"avx2": True, "avx512_bf16": False}, "32-true"),
        ({}, "32-true"),
    ],
)
def test_auto_takes_bf16_where_the_cpu_computes_with_it(
    able: dict[str, bool], precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    auto = load_params(tiny.write_params(tmp_path / "auto.yaml", train={"precision": "auto"}))
    asked = load_params(tiny.write_params(tmp_path / "asked.yaml", train={"precision": "16-mixed"}))
    assert (precision_of(auto), precision_of(asked)) == (precision, "16-mixed")


def test_validation_computes_in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although training around it does not, on val and on train: the score is that of `evaluate`."""
    seen: list[Any] = []

    def score(network: nn.Module) -> float:
        seen.append(network(torch.rand(1, 3)).dtype)
        network.eval()  # as what measures does
        return 0.5

    batches = Batches(4, tiny.fit_of("classifier", "lenet5"), 1, 0, lambda chosen: chosen)
    learner = Learner(nn.Linear(3, 2), batches, 0.1, score, train_score=score)
    monkeypatch.setattr(learner, "log", lambda *args, **kwargs: None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert learner.network(torch.rand(1, 3)).dtype == torch.bfloat16
        learner.validation_step(0, 0)
    assert seen == [torch.float32, torch.float32] and learner.network.training
