"""What a person looks at: confusion matrix, ROC, and images with what the model says of them, as MLflow artifacts."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow
import numpy as np
from model import decide
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

SHOWN = 16  # images in the overview
SINGLE = 3  # images of each class that are logged as files of their own


def log_confusion(probabilities, labels, settings, path):
    """Log how often which class was taken for which."""
    classes = settings["classes"]
    table = confusion_matrix(labels, decide(probabilities, settings), labels=range(len(classes)))
    figure, axes = plt.subplots(figsize=(1.6 + 0.8 * len(classes), 1.4 + 0.7 * len(classes)), layout="constrained")
    axes.imshow(table / np.maximum(table.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        is_dark = count > table[row].sum() / 2
        axes.text(column, row, str(count), ha="center", va="center", color="white" if is_dark else "black")
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("decided")
    axes.set_ylabel("true")
    _log(figure, path)


def log_roc(probabilities, labels, settings, path):
    """Log sensitivity against false alarms, a line for each class; a dot where the model decides."""
    classes, positive = settings["classes"], settings["positive"]
    figure, axes = plt.subplots(figsize=(5, 4.5), layout="constrained")
    for index, name in enumerate(classes):
        is_class = labels == index
        if (positive and name != positive) or not 0 < is_class.sum() < len(labels):
            continue
        wrong, right, _ = roc_curve(is_class, probabilities[:, index])
        axes.plot(wrong, right, label=f"{name}: AUC {roc_auc_score(is_class, probabilities[:, index]):.3f}")
        if positive:
            said = decide(probabilities, settings) == index
            label = f"threshold {settings['threshold']:.3f}"
            axes.plot(said[~is_class].mean(), said[is_class].mean(), "o", label=label)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axes.set_xlabel("1 - specificity")
    axes.set_ylabel("sensitivity")
    axes.legend(loc="lower right", fontsize=8)
    _log(figure, path)


def log_samples(part, probabilities, settings, sources):
    """Log an overview, what was decided wrongly first, and some files as they came: to try an endpoint with."""
    classes, decided = settings["classes"], decide(probabilities, settings)
    # The most certain mistakes, then a cross-section of all others.
    order = np.lexsort((-probabilities.max(axis=1), decided == part.labels))
    wrong = order[: (decided != part.labels).sum()][: SHOWN // 2]
    right = np.flatnonzero(decided == part.labels)
    rest = right[np.linspace(0, len(right) - 1, min(SHOWN - len(wrong), len(right))).astype(int)] if len(right) else []
    figure, axes = plt.subplots(4, SHOWN // 4, figsize=(7.5, 8), layout="constrained", squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for place, index in zip(axes.flat, [*wrong, *rest]):
        image = part.images[index]
        place.imshow(image if image.shape[2] == 3 else image[:, :, 0], cmap="gray")
        is_right = decided[index] == part.labels[index]
        said = f"{classes[decided[index]]} {probabilities[index, decided[index]]:.2f}"
        title = said if is_right else f"{said}\nis {classes[part.labels[index]]}"
        place.set_title(title, fontsize=9, color="black" if is_right else "crimson")
    _log(figure, "charts/samples.png")
    for name in classes:
        for path, _ in [one for one in sources if one[1] == name][:SINGLE]:
            mlflow.log_artifact(str(path), f"samples/{name}")


def _log(figure, path):
    mlflow.log_figure(figure, path)
    plt.close(figure)
