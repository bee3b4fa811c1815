"""The large detectors beyond their first step: on one batch over and over the loss falls. 12 s of CPU time together."""

import pytest
import tiny
import torch
from test_detectors import NAMES, RGB, pictures, quick, targets_for

from pipeline.check import losses_on
from pipeline.learner import loss_parts

BOXES, PROPOSALS = {"loss_classifier", "loss_box_reg"}, {"loss_objectness", "loss_rpn_box_reg"}
# network -> steps, learning rate, parts of the loss
EACH = {
    "rcnn": (8, 3e-4, BOXES),
    "fast_rcnn": (8, 3e-4, BOXES),
    "maskrcnn": (6, 1e-5, BOXES | PROPOSALS | {"loss_mask"}),
    "keypointrcnn": (6, 1e-5, BOXES | PROPOSALS | {"loss_keypoint"}),
}


@pytest.mark.parametrize("name", EACH)
def test_the_loss_falls(name: str) -> None:
    steps, rate, parts = EACH[name]
    torch.manual_seed(0)
    fit = tiny.fit_of("detector", name, learning_rate=rate, weight_decay=0.0)
    network, batch = quick(tiny.network("detector", name, len(NAMES), RGB)), (pictures(), targets_for(name))
    network.roi_heads.fg_bg_sampler.positive_fraction = 0.5  # both objects teach in every step
    losses = list(losses_on(network, fit, batch, steps))
    assert sum(losses[-2:]) < 0.8 * sum(losses[:2])
    assert loss_parts(network, fit, batch).keys() == parts
