"""ONNX, for ONNX Runtime and what else reads it; the card is in its metadata.

By PyTorch's exporter that traces: torchvision has rules for its detectors, RoIAlign and NMS for that one alone.
"""

from pathlib import Path
from typing import Any

import onnxruntime
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

from pipeline.deploy.plain import Plain, Run
from pipeline.deploy.pooling import with_fixed_pooling
from pipeline.deploy.torchscript import quiet

OPSET = 17
CARD = "model.json"


def write(whole: Plain, card: str, out: Path) -> None:
    """Raises RuntimeError, or a class of it, for operations that ONNX does not have."""
    import onnx  # slow, and only needed here

    module = with_fixed_pooling(whole.module, whole.example)
    torch.onnx.register_custom_op_symbolic("aten::argsort", _argsort, OPSET)  # type: ignore[attr-defined]
    free = {whole.input: whole.free, **dict.fromkeys(whole.outputs, whole.grown)}
    with quiet():
        torch.onnx.export(
            *(module, (whole.example,), str(out)),
            dynamo=False,
            do_constant_folding=False,  # the runtime does that, without warnings
            opset_version=OPSET,
            input_names=[whole.input],
            output_names=list(whole.outputs),
            dynamic_axes=free,
        )
    model = onnx.load(out)
    model.metadata_props.add(key=CARD, value=card)
    onnx.save(model, out)


def _argsort(g: Any, values: Any, stable: Any, dim: Any, descending: Any) -> Any:
    """Best first; among equals TopK keeps the order, as a stable sort does. PyTorch has no rule for a stable one."""
    return g.op("TopK", values, g.op("Shape", values), axis_i=0, largest_i=1, outputs=2)[1]


def read(path: Path) -> tuple[Run, str]:
    """Raises ValueError for what is not ONNX."""
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise ValueError(str(error)) from None
    name = session.get_inputs()[0].name
    card = session.get_modelmeta().custom_metadata_map.get(CARD, "")

    def run(given: torch.Tensor) -> list[torch.Tensor]:
        return [torch.from_numpy(found) for found in session.run(None, {name: given.numpy()})]

    return run, card
