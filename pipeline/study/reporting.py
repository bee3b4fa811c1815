"""What a study has found, of the experiments that are there: a JSON for the report page, Markdown and a figure."""

import argparse

from pipeline.coco import write_json
from pipeline.errors import InputError
from pipeline.study.findings import findings
from pipeline.study.plan import make_plan
from pipeline.study.plots import save_figure
from pipeline.study.records import read_records, table
from pipeline.study.tables import document
from pipeline.study.words import lines


def command(args: argparse.Namespace) -> None:
    plan = make_plan(args.study, args.params)
    records = table(plan, read_records(args.results / plan.name))
    if not records:
        found = f"found none of {len(plan.experiments)}: run it first, or look what has changed in params.yaml since."
        raise InputError(f"{args.results / plan.name}: expected experiments of {args.study}, {found}")
    study = findings(plan, records)
    out = args.out or args.results
    write_json(args.results / f"{plan.name}.json", study)
    save_figure(out / f"{plan.name}.svg", study)
    (out / f"{plan.name}.md").write_text(document(study, f"{plan.name}.svg"), encoding="utf-8")
    print(f"{lines(study['sentences'])}\n{args.results / plan.name}.json, {out / plan.name}.md, .svg")
    print("Into the report page: `dvc repro --force --single-item report`")
