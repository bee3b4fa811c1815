"""What causes, distance and studies leave, for the tree of the report."""

from pathlib import Path
from typing import Any

from pipeline.causes.__main__ import all_causes
from pipeline.coco import write_json
from pipeline.params import load_params

Entry = dict[str, Any]
PAIRS = ("synthetic_val/real_test", "synthetic_train/synthetic_val", "real_train/real_test")
ANSWER = "Classifier: light=<i>off</i> is worse on real test."  # a level that HTML would take for a tag


def write_findings(root: Path) -> Path:
    """Causes as the stage finds them; one distance and two studies by hand."""
    params = load_params(root / "params.yaml")
    few = params.model_copy(update={"evaluate": params.evaluate.model_copy(update={"resamples": 20})})
    write_json(root / "results" / "causes.json", all_causes(few, root / "results", root / "data"))
    write_json(root / "results" / "distance.json", {"classifier": distance()})
    write_json(root / "results" / "distance_points.json", {"classifier": points()})
    for study in (effects_study(), curve_study()):
        write_json(root / "results" / "studies" / f"{study['study']}.json", study)
    return root


def of(value: float, by: float = 0.1, **more: Any) -> Entry:
    return {"value": value, "low": value - by, "high": value + by, **more}


def distance() -> Entry:
    pair = {"a_distance": of(1.5), "kid": of(0.25, deviation=0.05), "mmd2": of(0.5, deviation=0.1, p=0.002)}
    turn = ["randomizers.background.pattern_strength", "randomizers.sensor.noise"]  # the first wider than a phone
    ranked = [
        {"measure": "noise", **of(-2.0), "covered": 0.5, "clear": True, "turn": turn},
        {"measure": "lightness", **of(0.05), "covered": 0.9, "clear": False, "turn": []},
    ]
    place = {"image_id": 1, "annotation_id": 0, "bbox": [2, 4, 9, 12]}
    mistake = {**place, "category": "<b>x</b>", "predicted": "$1", "score": 0.9}
    return {
        "of": "crops",
        "features": {name: {"dimensions": 7, "pairs": dict.fromkeys(PAIRS, pair)} for name in ("synthetic", "start")},
        "statistics": {"ranked": ranked},
        "neighbours": {
            "wrong": 1,
            "typical_distance": 0.1,
            "mistakes": [{**mistake, "nearest": [{**place, "category": "$1", "distance": 0.25}]}],
        },
    }


def points() -> Entry:
    sets = ["synthetic_train", "synthetic_val", "real_train", "real_test", "real_test"]
    plane = [[float(n), float(n % 2)] for n in range(len(sets))]
    samples = [{"set": name, "image_id": 1, "annotation_id": 0, "category": "$1"} for name in sets]
    return {"samples": samples, "networks": {"start": {"pca": plane, "tsne": plane}, "synthetic": None}}


def study(name: str, design: str, **more: Any) -> Entry:
    """Of the scene and benchmark of the tree."""
    about = {"study": name, "question": "What <b>matters</b>?", "design": design, "scene": "digits"}
    found = {"benchmark": "digits", "effects": [], "cells": [], "curves": [], "sentences": [ANSWER]}
    study = {**about, **found, **more}
    return {**study, "answers": study["sentences"]}


def effects_study() -> Entry:
    about = {"task": "classifier", "regime": "synthetic", "metric": "accuracy", "factor": "light", "level": "off"}
    splits = ("synthetic_val", "real_val", "real_test", "domain_gap")
    scores = {split: of(-0.05, 0.01, p_value=0.01, seeds=3, values=[-0.05]) for split in splits}
    effect = {**about, **scores, "p_holm": 0.01, "verdict": "worse", "train_seconds": 1.0}
    return study("randomization", "one_factor_off", effects=[effect])


def curve_study() -> Entry:
    counts = (50, 100, 200, 400)
    curve = {
        "task": "classifier",
        "regime": "mixed",
        "metric": "accuracy",
        "along": "synthetic",
        "at": {"real": "10"},
        "points": [{"cell": f"{n}", "images": {"synthetic": n, "real": 10}, **of(0.9 - 5 / n, 0.01)} for n in counts],
        "fit": None,
        "more": None,
        "rise": None,
    }
    said = "Classifier, mixed training: from 400 synthetic images on, one more point takes about 800 more."
    return study("amount", "curve", curves=[curve], sentences=[said])
