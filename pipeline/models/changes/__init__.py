"""What can be changed in any network, whoever built it: layers, initial weights, what is trained and how fast."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from pipeline.errors import InputError
from pipeline.models.changes.blur import add_blur
from pipeline.models.changes.depth import add_stochastic_depth
from pipeline.models.changes.dropout import add_drop_connect, set_dropout
from pipeline.models.changes.initialise import initialise
from pipeline.models.changes.norm import change_norm
from pipeline.params import Network


class Change(NamedTuple):
    """(network, value, key) -> number of places changed; where there is none, `of` says what was missed."""

    apply: Callable[[nn.Module, Any, str], int]
    own: Any  # the value that leaves the network, and the random numbers, alone
    of: str


# key of the section `network` -> change, in the order in which they are made
CHANGES: dict[str, Change] = {
    "norm": Change(change_norm, "own", "a normalisation layer"),
    "blur_pool": Change(add_blur, False, "a max-pooling or convolution with a stride"),
    "stochastic_depth": Change(add_stochastic_depth, 0.0, "a residual block"),
    "drop_connect": Change(add_drop_connect, 0.0, "a dense layer"),
    "dropout": Change(set_dropout, None, "dropout, or a last layer to put one before"),
    "initialisation": Change(initialise, "own", "a layer before the last one"),
}


def change(network: nn.Module, options: Network, key: str) -> None:
    """Make the changes that `options` names. Raises InputError for one that finds nothing to change."""
    for name, (apply, own, of) in CHANGES.items():
        value = getattr(options, name)
        if value != own and not apply(network, value, f"{key}.{name}"):
            raise InputError(f"{key}.{name}: {value}: expected a network with {of}, found none.")
