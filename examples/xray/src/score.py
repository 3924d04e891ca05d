"""The scoring script: takes Azure AutoML's request for images and answers in its form.

    {"input_data": {"columns": ["image"], "data": ["<base64 of a PNG or JPEG>", ...]}}
    -> [{"probs": [0.03, 0.97], "labels": ["normal", "pneumonia"], "label": "pneumonia"}, ...]

`label` is the decision: for two classes it is made at the model's threshold, which training chose on validation images.
"""

import base64
import binascii
import json
import os
from pathlib import Path

import model as models
import numpy as np
from images import read_image

settings, network = None, None


def init():
    """Load the model; it lies in the registered folder, or in one folder below it."""
    global settings, network
    file = next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("model.json"))
    settings, network = models.load(file.parent)


def run(raw_data):
    """Return probabilities and decision for each image of the request."""
    cells = cells_of(json.loads(raw_data))
    if not cells:
        return []
    images = np.stack([image_of(cell, number) for number, cell in enumerate(cells, 1)])
    probabilities = network.probabilities(images)
    return [
        {
            "probs": [round(float(one), 6) for one in row],
            "labels": settings["classes"],
            "label": settings["classes"][index],
        }
        for row, index in zip(probabilities, models.decide(probabilities, settings))
    ]


def cells_of(request):
    """Return the base64 texts of a request: the only column, or the one called `image`."""
    try:
        table = request["input_data"]
        place = table["columns"].index("image")
        return [row[place] if isinstance(row, list) else row for row in table["data"]]
    except (KeyError, TypeError, ValueError, IndexError) as reason:
        raise ValueError('Expected {"input_data": {"columns": ["image"], "data": ["<base64>", ...]}}.') from reason


def image_of(cell, number):
    """Return one image as the network takes it."""
    try:
        content = base64.b64decode(cell, validate=True)
        return read_image(content, settings["image_size"], settings["channels"])
    except (TypeError, binascii.Error, OSError) as reason:
        raise ValueError(f"Image {number} is not the base64 text of an image file.") from reason
