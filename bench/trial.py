"""One render setting tried out: the pipeline's own stages, as processes, up to the metrics of a trained model."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.values import read_values, write_values
from pipeline.errors import InputError


@dataclass(frozen=True)
class Setting:
    """What the table varies."""

    samples: int
    denoiser: str
    width_px: int
    height_px: int

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}, {self.samples} samples, denoiser {self.denoiser}"

    @property
    def name(self) -> str:
        return f"{self.width_px}x{self.height_px}-{self.samples}-{self.denoiser}"

    def params(self, given: Path, frames: int, seed: int) -> dict[str, Any]:
        """Those of the file with this setting; the least visible part of a picture stays the same."""
        values = read_values(given)
        larger = self.width_px * self.height_px / (values["render"]["width_px"] * values["render"]["height_px"])
        size = {"width_px": self.width_px, "height_px": self.height_px}
        values["render"] |= {**size, "samples": self.samples, "denoiser": self.denoiser, "train": frames}
        values["labels"]["min_visible_px"] = round(values["labels"]["min_visible_px"] * larger)
        values["train"]["seed"] = seed
        return values


@dataclass(frozen=True)
class Trial:
    """A setting with as many frames as its render time allows."""

    setting: Setting
    frames: int
    given: Path  # params.yaml
    work: Path

    @property
    def folder(self) -> Path:
        return self.work / f"{self.setting.name}-{self.frames}"

    def metrics(self, task: str, seed: int) -> dict[str, Any]:
        """Of the model trained on these frames alone; what an earlier run has made is used again."""
        out = self.folder / f"{task}-{seed}"
        if not (out / "metrics.json").exists():
            train_and_evaluate(self._params(seed), self._data(), task, "synthetic", out / "model", out)
        found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
        return found

    def _params(self, seed: int) -> Path:
        values = self.setting.params(self.given, self.frames, seed)
        return write_values(self.folder / f"params-{seed}.yaml", values)

    def _data(self) -> Path:
        """Frames, their annotations, and a link to the real images, which are the same for all."""
        data, params, real = self.folder / "data", self._params(0), self.work / "real"
        if not (data / "synthetic").exists():
            stage("blender.render", params, out=data / "frames")
            stage("pipeline.annotate", params, frames=data / "frames", out=data / "synthetic")
        if not real.exists():
            stage("pipeline.benchmarks", params, out=real)
        if not (data / "real").exists():
            (data / "real").symlink_to(real.resolve(), target_is_directory=True)
        return data


def train_and_evaluate(params: Path, data: Path, task: str, regime: str, model: Path, out: Path) -> None:
    """Both stages for one task and regime on the data sets in `data`; a model that an earlier run has made is kept."""
    own, synthetic, real = (data / name / task for name in (regime, "synthetic", "real"))
    if not (model / "model.json").exists():
        stage("pipeline.train", params, task=task, data=own, images=data, real=real / "train.json", out=model)
    stage("pipeline.evaluate", params, model=model, synthetic=synthetic, real=real, images=data, out=out)


def stage(module: str, params: Path, **paths: str | Path) -> None:
    """Run a stage; what it prints goes to `log.txt` beside the params. Raises InputError that names the log."""
    given = [word for name, value in paths.items() for word in (f"--{name}", str(value))]
    log = params.with_name("log.txt")
    with log.open("a", encoding="utf-8") as lines:
        line = [sys.executable, "-m", module, "--params", str(params), *given]
        done = subprocess.run(line, check=False, stdout=lines, stderr=subprocess.STDOUT)
    if done.returncode:
        raise InputError(f"{log}: expected {module} to end well, found exit code {done.returncode}.")
