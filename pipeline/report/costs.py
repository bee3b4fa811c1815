"""What the networks cost, without a clock: the same on every machine."""

from pipeline.params import Classifier
from pipeline.report.load import Inputs
from pipeline.report.table import MISSING
from pipeline.report.tabular import Table
from pipeline.runs import Task

HEAD = ["task", "network", "parameters", "million multiply-adds for a crop", "steps", "batch"]


def costs_table(inputs: Inputs) -> Table:
    """A row for each task; the network is the same in all regimes."""
    return Table("What the networks cost", HEAD, [_row(inputs, task) for task in inputs.tasks])


def _row(inputs: Inputs, task: Task) -> list[str]:
    import torch  # takes seconds: what is missing is named before

    from pipeline.costs.summary import cost_of, short
    from pipeline.models import build

    fit = getattr(inputs.params, task)
    card = inputs.runs[(task, inputs.regimes[0])].card
    categories, channels = len(card["categories"]), int(card["channels"])
    adds = short(cost_of(fit, categories, channels).multiply_adds / 1e6) if isinstance(fit, Classifier) else MISSING
    with torch.device("meta"):
        parameters = sum(p.numel() for p in build(task, fit, categories, channels).parameters())
    return [task, fit.model, f"{parameters:,}", adds, f"{fit.steps:,}", str(fit.batch_size)]
