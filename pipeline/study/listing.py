"""What a study consists of, and how much of it is there."""

import argparse

from pipeline.study.plan import make_plan
from pipeline.study.records import read_records, table
from pipeline.summary import plain


def command(args: argparse.Namespace) -> None:
    plan = make_plan(args.study, args.params)
    done = table(plan, read_records(args.results / plan.name))
    rows = [["cell", "finished", "minutes"]]
    for cell in plan.cells:
        own = [done.get(planned.name) for planned in plan.experiments if planned.cell == cell]
        seconds = sum(sum(record["seconds"].values()) for record in own if record)
        rows.append([cell.name, f"{sum(map(bool, own))} of {len(own)}", f"{seconds / 60:.1f}"])
    print(f"{plan.study.question}\n{', '.join(plan.study.targets)}\n\n{plain(rows)}")
