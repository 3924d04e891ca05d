"""How good a model is on labelled images, and the threshold at which it decides."""

import numpy as np
from model import decide
from sklearn.metrics import confusion_matrix, roc_auc_score

Z = 1.645  # 95 % of a normal distribution, one side


def judge(probabilities, labels, settings):
    """Return AUC, accuracy, sensitivity and specificity, each from 0 to 1, higher is better.

    Two classes: of the positive class. More: the mean over the classes, each against all others. Classes of which there
    is no image are left out of the means; an AUC that no image decides is 0.5.
    """
    count = len(settings["classes"])
    decided = decide(probabilities, settings)
    table = confusion_matrix(labels, decided, labels=range(count))
    hits, of_class, claimed = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    others = len(labels) - of_class
    chosen = [settings["classes"].index(settings["positive"])] if settings["positive"] else range(count)
    measured = {
        "auc": _mean([_auc(labels == one, probabilities[:, one]) for one in chosen], 0.5),
        "accuracy": float((decided == labels).mean()),
        "sensitivity": _mean([hits[one] / of_class[one] for one in chosen if of_class[one]], 0.0),
        "specificity": _mean([1 - (claimed[one] - hits[one]) / others[one] for one in chosen if others[one]], 0.0),
    }
    return {name: float(one) for name, one in measured.items()}


def threshold_for(min_sensitivity, probability, is_positive):
    """Return the highest threshold that finds the wanted share of positives, with 95 % confidence.

    Confidence: the lower end of Wilson's interval for the share found reaches `min_sensitivity`; a share that was only
    just reached on these images would be missed on the next ones half of the time. With so few positives that nothing
    reaches it, no known positive is missed; without any, it is 0.5. The threshold lies half-way to the next lower
    probability of any image.
    """
    ordered = np.sort(probability[is_positive])[::-1]
    if not len(ordered):
        return 0.5
    enough = np.flatnonzero(wilson_lower(np.arange(1, len(ordered) + 1), len(ordered)) >= min_sensitivity)
    edge = ordered[enough[0] if len(enough) else -1]
    return float((edge + probability[probability < edge].max(initial=0.0)) / 2)


def wilson_lower(hits, count):
    """Return the lower end of Wilson's interval for hits of count (one side, 95 %)."""
    share = hits / count
    middle = share + Z**2 / (2 * count)
    spread = Z * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return (middle - spread) / (1 + Z**2 / count)


def _auc(is_class, probability):
    return roc_auc_score(is_class, probability) if 0 < is_class.sum() < len(is_class) else None


def _mean(values, otherwise):
    known = [one for one in values if one is not None]
    return np.mean(known) if known else otherwise
