"""What adaptation does to a network between the phases of its training, and what it says of that."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.utilities import rank_zero_only
from torch import nn

from pipeline.adapt.batch_norm import in_parts, reestimate, show_crops, show_pictures
from pipeline.adapt.pseudo_labels import pseudo_labels
from pipeline.adapt.unlabelled import unknown_to
from pipeline.coco import Coco, joined, read_json, write_json
from pipeline.dataset import load_crops, load_pictures
from pipeline.infer import best_device
from pipeline.params import Classifier
from pipeline.work import Work

LABELS = "pseudo_labels.json"


def renews(work: Work) -> bool:
    return work.unlabelled is not None and work.fit.adapt.batch_norm


def renew_statistics(work: Work, network: nn.Module) -> None:
    """Those of batch normalisation, from all unlabelled images, where `adapt` wants it."""
    if work.unlabelled is None or not renews(work):
        return
    device, fit = best_device(), work.fit
    network.to(device)
    if isinstance(fit, Classifier):
        crops = load_crops(work.unlabelled, work.images, fit).crops
        reestimate(network, show_crops(network, device), in_parts(crops, fit.batch_size))
    else:
        pictures = load_pictures(work.unlabelled, work.images).images
        reestimate(network, show_pictures(network, fit, device), in_parts(pictures, fit.batch_size))
    network.cpu()


def label_round(work: Work, network: nn.Module, phase: int, folder: Path) -> bool:
    """Give `work` the images of a phase of self-training, with labels of `network`; whether there are any.

    Labels that an interrupted run has given stay. Of several processes one gives them.
    """
    path = folder / LABELS
    write_labels(work, network, path)
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
    labels: Coco = read_json(path, "pseudo-labels")
    print(said(work, labels), flush=True)
    if not labels["annotations"]:
        return False
    work.pseudo[phase] = with_labels(work.train, labels, by_object=isinstance(work.fit, Classifier))
    return True


@rank_zero_only
def write_labels(work: Work, network: nn.Module, path: Path) -> None:
    assert work.unlabelled
    if not path.exists():
        network.to(best_device())
        write_json(path, pseudo_labels(network, work.fit, unknown_to(work.train, work.unlabelled), work.images))
        network.cpu()


def with_labels(train: Coco, labels: Coco, by_object: bool) -> Coco:
    """Both together: images with labels of the network's own stand there as often as makes them about half of all."""
    known, new = (len(c["annotations"] if by_object else c["images"]) for c in (train, labels))
    return joined([train, *[labels] * max(1, round(known / new))])


def said(work: Work, labels: Coco) -> str:
    count = counts(labels)
    least = work.fit.adapt.self_training.confidence
    return f"self-training: {count['labels']} labels of at least {least:g} on {count['images']} images"


def counts(labels: Coco) -> dict[str, Any]:
    """How many labels there are, and of each category; whether they are right is not looked at."""
    objects = [a["category_id"] for a in labels["annotations"] if not a["iscrowd"]]
    by_name = {c["name"]: objects.count(c["id"]) for c in labels["categories"]}
    return {"labels": len(objects), "images": len(labels["images"]), "by_category": by_name}
