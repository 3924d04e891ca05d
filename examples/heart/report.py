"""A classification report without scikit-learn, in its layout: the client's machine needs only `bancada`."""


def classification_report(true, predicted):
    """Return precision, recall, F1 and support of each class, accuracy and averages, as a text.

    A class that was never predicted has precision 0, one that never occurs recall 0; F1 is 0 when both are.
    """
    classes = sorted({*true, *predicted})
    rows = {label: _row(label, true, predicted) for label in classes}
    count = len(true)
    accuracy = sum(one == other for one, other in zip(true, predicted)) / count
    means = [sum(row[column] for row in rows.values()) / len(rows) for column in range(3)]
    weighted = [sum(row[column] * row[3] for row in rows.values()) / count for column in range(3)]
    head = f"{'':>12} {'precision':>10} {'recall':>9} {'f1-score':>9} {'support':>9}"
    lines = [head, "", *(_line(str(label), row) for label, row in rows.items()), ""]
    lines.append(f"{'accuracy':>12} {'':>10} {'':>9} {accuracy:9.2f} {count:9d}")
    lines.append(_line("macro avg", [*means, count]))
    lines.append(_line("weighted avg", [*weighted, count]))
    return "\n".join(lines) + "\n"


def _row(label, true, predicted):
    hits = sum(one == other == label for one, other in zip(true, predicted))
    support, claimed = true.count(label), predicted.count(label)
    precision = hits / claimed if claimed else 0.0
    recall = hits / support if support else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return precision, recall, f1, support


def _line(name, row):
    precision, recall, f1, support = row
    return f"{name:>12} {precision:10.2f} {recall:9.2f} {f1:9.2f} {support:9d}"
