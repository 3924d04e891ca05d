"""A trained model as a folder: `model.json` (classes, size, threshold) and the network's weights."""

import json
from pathlib import Path

import numpy as np


def network_of(settings):
    """Return the untrained network that the settings name."""
    if settings["network"] == "convnet":
        from convnet import ConvNetwork  # needs PyTorch, which the other one does without

        return ConvNetwork(settings)
    from patches import PatchNetwork

    return PatchNetwork(settings)


def save(folder, settings, network):
    """Write a model into a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    network.save(folder)


def load(folder):
    """Return the settings and the network that `save` wrote."""
    folder = Path(folder)
    settings = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    network = network_of(settings)
    network.load(folder)
    return settings, network


def decide(probabilities, settings):
    """Return the index of each image's class.

    With two classes: the positive one when its probability reaches the threshold. With more: the likeliest.
    """
    if settings["threshold"] is None:
        return probabilities.argmax(axis=1)
    positive = settings["classes"].index(settings["positive"])
    return np.where(probabilities[:, positive] >= settings["threshold"], positive, 1 - positive)
