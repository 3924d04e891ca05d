"""Train a classifier of images with MLflow; any folder `<class>/*.png`, or an MLTable, will do.

    python train.py --training_data images [--validation_data more] [--test_data others] [--network convnet]

Nothing here knows the platform: MLflow and argparse, as one writes it for Azure ML. It needs NumPy, scikit-learn,
Pillow, matplotlib and MLflow; `--network convnet` needs PyTorch, too.

Pretrained weights are a file that you bring (`--weights`): nothing is downloaded, and none are needed.
"""

import argparse
import json
import tempfile
import time

import charts
import images as pictures
import mlflow
import model as models
import numpy as np
from judging import judge, threshold_for

# Arguments that the model keeps: what it is, and how it was trained.
KEPT = "network image_size channels filters patch copies epochs batch_size learning_rate weight_decay".split()
DEFAULT_RATE = {"patches": 1e-3, "convnet": 4e-3}


def parse_arguments():
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description="Train a classifier of images.")
    parser.add_argument("--training_data", required=True, help="folder <class>/*.png, or MLTable")
    parser.add_argument("--validation_data", help="the same; without it a share of the training images")
    parser.add_argument("--test_data", help="the same; looked at once, at the end")
    parser.add_argument("--validation_share", type=float, default=0.2, help="when there is no --validation_data")
    parser.add_argument("--positive", help="the class to be found, of two (default: the last by name)")
    parser.add_argument("--min_sensitivity", type=float, default=0.95, help="share of it that must be found")
    parser.add_argument("--network", choices=sorted(DEFAULT_RATE), default="patches")
    parser.add_argument("--weights", help="file with weights to begin with (weights.npz, weights.pt of another model)")
    parser.add_argument("--image_size", type=int, default=28, help="pixels on each side; images are brought to it")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=1, help="1 for grey, 3 for colour")
    parser.add_argument("--filters", type=int, default=160, help="size of the network")
    parser.add_argument("--patch", type=int, default=6, help="pixels on each side of a patch (patches)")
    parser.add_argument("--copies", type=int, default=2, help="varied copies of each training image (patches)")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--learning_rate", type=float, help="default: 0.001 for patches, 0.004 for convnet")
    parser.add_argument("--weight_decay", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.learning_rate = arguments.learning_rate or DEFAULT_RATE[arguments.network]
    return arguments


def split(sources, share, random):
    """Return two lists of [(path, class)]: a share of each class goes into the second."""
    kept, taken = [], []
    for name in sorted({label for _, label in sources}):
        of_class = [one for one in sources if one[1] == name]
        if len(of_class) < 2:
            raise SystemExit(f"The class {name} has a single image. Expected two at least: one is held out.")
        order = random.permutation(len(of_class))
        count = max(1, round(len(of_class) * share))
        taken += [of_class[index] for index in order[:count]]
        kept += [of_class[index] for index in order[count:]]
    return kept, taken


def settings_of(arguments, classes):
    """Return all that the model must know later, as a dictionary that JSON takes."""
    if len(classes) < 2:
        raise SystemExit(f"{arguments.training_data}: found the class {classes[0]} only. Expected a folder a class.")
    if arguments.patch >= arguments.image_size:
        raise SystemExit(f"--patch {arguments.patch} is no part of an image of {arguments.image_size} pixels a side.")
    positive = arguments.positive or classes[-1]
    if positive not in classes:
        raise SystemExit(f"--positive {positive}: the classes are {', '.join(classes)}.")
    chosen = {name: getattr(arguments, name) for name in KEPT}
    return {**chosen, "classes": classes, "positive": positive if len(classes) == 2 else None, "threshold": None}


class Part:
    """Images of one part (training, validation, test) with the indices of their classes."""

    def __init__(self, sources, settings):
        """Read the images."""
        unknown = sorted({label for _, label in sources} - set(settings["classes"]))
        if unknown:
            raise SystemExit(f"No training image has the class {', '.join(unknown)}.")
        self.images = pictures.read_images(sources, settings["image_size"], settings["channels"])
        self.labels = np.array([settings["classes"].index(label) for _, label in sources])


def train(network, settings, arguments, training, validation, random):
    """Train; log each epoch as judged on the validation images; leave the epoch with the highest AUC.

    With two classes the threshold of the decision is chosen in each epoch so that `min_sensitivity` is kept; accuracy,
    sensitivity and specificity are those at this threshold.
    """
    ask, best = None, (-1.0, None, None, None)
    for epoch, loss in enumerate(network.fit(training.images, training.labels, random, arguments.weights), 1):
        ask = ask or network.prepared(validation.images)
        probabilities = ask()
        if settings["positive"]:
            positive = settings["classes"].index(settings["positive"])
            is_positive = validation.labels == positive
            settings["threshold"] = threshold_for(arguments.min_sensitivity, probabilities[:, positive], is_positive)
            mlflow.log_metric("threshold", settings["threshold"], step=epoch)
        measured = judge(probabilities, validation.labels, settings)
        mlflow.log_metrics({"loss": loss, **measured}, step=epoch)
        said = "  ".join(f"{name} {one:.4f}" for name, one in {"loss": loss, **measured}.items())
        print(f"epoch {epoch:3d}  {said}", flush=True)
        if measured["auc"] >= best[0]:  # of equals the later one, which has learned for longer
            best = measured["auc"], epoch, network.state(), settings["threshold"]
    network.restore(best[2])
    settings["threshold"] = best[3]
    mlflow.log_metrics({"best_auc": best[0], "best_epoch": best[1]})


def main():
    """Read, train, judge, log."""
    arguments, started = parse_arguments(), time.monotonic()
    random = np.random.default_rng(arguments.seed)
    sources = pictures.find_images(arguments.training_data)
    settings = settings_of(arguments, sorted({label for _, label in sources}))
    if arguments.validation_data:
        held_out = pictures.find_images(arguments.validation_data)
    else:
        sources, held_out = split(sources, arguments.validation_share, random)
    training, validation = Part(sources, settings), Part(held_out, settings)

    mlflow.start_run()
    mlflow.log_params({**vars(arguments), "training_images": len(sources), "validation_images": len(held_out)})
    network = models.network_of(settings)
    train(network, settings, arguments, training, validation, random)
    mlflow.log_metric("training_s", time.monotonic() - started)

    probabilities = network.probabilities(validation.images)
    charts.log_confusion(probabilities, validation.labels, settings, "charts/confusion_matrix.png")
    charts.log_roc(probabilities, validation.labels, settings, "charts/roc.png")
    charts.log_samples(validation, probabilities, settings, held_out)
    if arguments.test_data:
        test = Part(pictures.find_images(arguments.test_data), settings)
        probabilities = network.probabilities(test.images)
        measured = judge(probabilities, test.labels, settings)
        mlflow.log_metrics({f"test_{name}": one for name, one in measured.items()})
        charts.log_confusion(probabilities, test.labels, settings, "charts/confusion_matrix_test.png")
        print("test  " + json.dumps({name: round(one, 4) for name, one in measured.items()}))
    with tempfile.TemporaryDirectory() as folder:
        models.save(folder, settings, network)
        mlflow.log_artifacts(folder, "model")
    mlflow.end_run()


if __name__ == "__main__":
    main()
