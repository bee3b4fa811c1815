"""Optimizers by name, all of them torch's.

`weight_decay` of a group is decoupled for adamw (Loshchilov and Hutter 2017); for the others it is added to the
gradient, as an L2 penalty of weight_decay / 2 x the sum of squares in the loss would be.
"""

from collections.abc import Callable
from typing import Any

from torch import optim

from pipeline.errors import lookup
from pipeline.params import Optimizer

Groups = list[dict[str, Any]]  # of parameters, each with its highest rate `lr` and its `weight_decay`


def sgd(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Stochastic gradient descent (Robbins and Monro 1951): w -= rate g."""
    return optim.SGD(groups)


def momentum(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Heavy ball (Polyak 1964): v = m v + g, w -= rate v."""
    return optim.SGD(groups, momentum=options.momentum)


def nesterov(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Nesterov 1983, as in Sutskever et al. 2013: v = m v + g, w -= rate (g + m v)."""
    return optim.SGD(groups, momentum=options.momentum, nesterov=True)


def adagrad(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Duchi et al. 2011: s += g², w -= rate g / sqrt(s)."""
    return optim.Adagrad(groups)


def rmsprop(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Hinton 2012: s = a s + (1 - a) g², w -= rate g / sqrt(s)."""
    return optim.RMSprop(groups, alpha=options.smoothing)


def adam(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Kingma and Ba 2014: means of g and of g², both corrected for their start at 0."""
    return optim.Adam(groups, betas=(options.betas[0], options.betas[1]))


def adamw(groups: Groups, options: Optimizer) -> optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2017): also w -= rate weight_decay w."""
    return optim.AdamW(groups, betas=(options.betas[0], options.betas[1]))


OPTIMIZERS: dict[str, Callable[[Groups, Optimizer], optim.Optimizer]] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}


def make_optimizer(options: Optimizer, groups: Groups) -> optim.Optimizer:
    """The optimizer that `options` name."""
    return lookup(OPTIMIZERS, options.name, "optimizer.name")(groups, options)
