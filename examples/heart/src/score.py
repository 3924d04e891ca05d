"""The scoring script of the walk-through's endpoint: init() once per process, run() per request."""

import json
import os

import joblib
import pandas as pd

# The folder that the model was registered from: the name under which the training script logged it.
MODEL_NAME = "heart"

model = None


def init():
    """Load the model."""
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], MODEL_NAME, "model.pkl"))


def run(raw_data):
    """Return the predicted classes of {"data": [one object per row]}."""
    rows = pd.DataFrame(json.loads(raw_data)["data"])
    return model.predict(rows).tolist()
