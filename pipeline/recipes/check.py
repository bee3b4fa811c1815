"""Whether a recipe can be followed, asked before any work."""

from pipeline.errors import InputError, lookup
from pipeline.params import Fit, Task
from pipeline.recipes.averaging import AVERAGES
from pipeline.recipes.optimizers import OPTIMIZERS
from pipeline.recipes.schedules import RESTARTS, SCHEDULES


def check_recipe(task: Task, fit: Fit) -> None:
    """Raises InputError for a name that nothing has, and for an average of snapshots that are not made."""
    lookup(OPTIMIZERS, fit.optimizer.name, f"params.yaml: {task}.optimizer.name")
    lookup(SCHEDULES, fit.schedule.name, f"params.yaml: {task}.schedule.name")
    lookup(AVERAGES, fit.average.name, f"params.yaml: {task}.average.name")
    if fit.average.name == "snapshots" and fit.schedule.name != RESTARTS:
        expected = f"expected {task}.schedule.name: {RESTARTS} with snapshots, found '{fit.schedule.name}'."
        raise InputError(f"params.yaml: {task}.average.name: {expected}")
