"""The model class of the program, which is a single member, a mean or a stack, and its `main`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..portfolio import Entry
from ..problem import Problem
from ..settings import Settings
from .estimators import estimator_text, fewest_rows

__all__ = ["constants", "pieces", "stack_folds"]

# What scikit-learn calls a metric: the primary one where it has it.
_SCORING = {
    "norm_macro_recall": "balanced_accuracy",
    "r2_score": "r2",
    "normalized_mean_absolute_error": "neg_mean_absolute_error",
}
# Folds whose answers a stack learns from, at most: each is a fit of every member.
_MOST_FOLDS = 5

_WEIGHTED = '''
def weighted(model, weights):
    """Return the options of `fit` that hand weights to a pipeline's learner, if it takes any."""
    name, learner = model.steps[-1]
    takes = has_fit_parameter(getattr(learner, "regressor", learner), "sample_weight")
    return {f"{name}__sample_weight": weights} if takes else {}
'''

_ODDS = '''
def odds(parts):
    """Return logarithms of the odds of each class; of two classes, of the second."""
    sure = np.clip(np.hstack([part if part.shape[1] > 2 else part[:, 1:] for part in parts]), 1e-5, 1 - 1e-5)
    return np.log(sure / (1 - sure))
'''

_MAIN = '''
def read(path):
    """Return a table; change it for files that are no text with commas."""
    gaps = ["?", "-", "na", "none", "NaT"]
    return pd.read_csv(path, na_values=gaps, skipinitialspace=True, low_memory=False)


def given():
    """Return the table that the command line names, and where the model goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help="text with commas and a header, as the model was trained on")
    parser.add_argument("model", nargs="?", default="model.joblib", help="the file to write (default: model.joblib)")
    asked = parser.parse_args()
    try:
        table = read(asked.table)
    except (OSError, ValueError) as reason:
        parser.error(f"the table cannot be read: {{reason}}")
    missing = [name for name in [{needed}] if name not in table]
    if missing:
        parser.error(f"{{asked.table}} has no column {{missing[0]!r}}; it has {{', '.join(map(str, table))}}")
    return table.dropna(subset=[TARGET]), asked.model


def main():
    np.random.seed(SEED)  # for steps that take no seed of their own
    table, model = given()
    y = {y}{weights}
    folds = {folds}(3, shuffle=True, random_state=SEED)
    scores = cross_val_score(Model(), table, y, cv=folds, scoring="{scoring}"{params})
    error = scores.std(ddof=1) / len(scores) ** 0.5
    print(f"{scoring}: {{scores.mean():.4f}} (standard error {{error:.4f}})")
    joblib.dump(Model().fit(table, y{given}), model)


if __name__ == "__main__":
    main()
'''


def stack_folds(problem: Problem) -> int:
    """Return the number of folds whose answers a stack learns from."""
    most = min(_MOST_FOLDS, len(problem.splits))
    return max(2, min(most, fewest_rows(problem)) if problem.classes else most)


def constants(problem: Problem, settings: Settings, weights: Sequence[float]) -> dict[str, Any]:
    """Return the program's other constants, by name."""
    return {
        "TARGET": settings.target_column_name,
        "ROW_WEIGHTS": settings.weight_column_name,
        "SEED": problem.seed,
        "FLOOR": problem.floor,
        "WEIGHTS": [round(weight, 4) for weight in weights],
    }


def pieces(problem: Problem, settings: Settings, weights: Sequence[float], stack: str | None) -> dict[str, str]:
    """Return the program's last functions by name, in the order in which they are written."""
    has_weights = settings.weight_column_name is not None
    main = _MAIN.format(
        y="table[TARGET]" if problem.classes else "number(table[TARGET])",
        needed="TARGET, ROW_WEIGHTS" if has_weights else "TARGET",
        weights="\n    weights = number(table[ROW_WEIGHTS])" if has_weights else "",
        folds="StratifiedKFold" if problem.classes else "KFold",
        scoring=_SCORING.get(problem.metric, "accuracy" if problem.classes else "neg_root_mean_squared_error"),
        params=', params={"weights": weights}' if has_weights else "",
        given=", weights" if has_weights else "",
    )
    found = {"weighted": _WEIGHTED, "odds": _ODDS}
    if stack:
        learner = estimator_text(problem, Entry(stack, settings.training.stack_meta_learner_kwargs), 0, stacks=True)
        told = '    """Return what learns from the members\' answers."""'
        found["learner"] = "\n".join(["def learner():", told, f"    return make_pipeline({learner})", ""])
    found["Model"] = _model(problem, has_weights, len(weights) > 1, stack is not None)
    return {name: text.lstrip("\n") for name, text in {**found, "main": main}.items()}


def _model(problem: Problem, has_weights: bool, is_mean: bool, is_stack: bool) -> str:
    mixin, answer = ("ClassifierMixin", "predict_proba") if problem.classes else ("RegressorMixin", "predict")
    told = "The stack of the members" if is_stack else "The mean of the members" if is_mean else "The model"
    lines = [f"class Model({mixin}, BaseEstimator):", f'    """{told}, for tables as they are read."""', ""]
    lines += _fit(problem, has_weights, is_stack)
    lines += ["", f"    def {answer}(self, table):", "        x = features(table)"]
    parts = f"[one.{answer}(x) for one in self.members_]"
    if is_stack:
        combined = f"self.stack_.{answer}({_beside(problem, parts)})"
    elif is_mean:
        combined = f"np.average({parts}, axis=0, weights=WEIGHTS)"
    else:
        combined = f"self.members_[0].{answer}(x)"
    lines.append(f"        return {combined if problem.floor is None else f'np.maximum({combined}, FLOOR)'}")
    if problem.classes:
        found = "self.predict_proba(table)"
        found = found if problem.emphasis is None else f"({found} * self.emphasis_)"
        lines += ["", "    def predict(self, table):", f"        return self.classes_[{found}.argmax(axis=1)]"]
    return "\n".join([*lines, ""])


def _fit(problem: Problem, has_weights: bool, is_stack: bool) -> list[str]:
    lines = [f"    def fit(self, table, y{', weights=None' if has_weights else ''}):", "        x = features(table)"]
    if problem.classes:
        lines.append("        self.classes_, y = np.unique(y, return_inverse=True)")
    if problem.emphasis is not None:
        lines.append("        # Each class counts alike, however many rows it has.")
        lines.append("        self.emphasis_ = len(y) / (len(self.classes_) * np.bincount(y))")
    more = ", **weighted(one, weights)" if has_weights else ""
    lines.append(f"        self.members_ = [one.fit(x, y{more}) for one in members()]")
    if is_stack:
        lines += _fit_stack(problem, has_weights)
    return [*lines, "        return self"]


def _fit_stack(problem: Problem, has_weights: bool) -> list[str]:
    kind = "StratifiedKFold" if problem.classes else "KFold"
    options = 'cv=folds, method="predict_proba"' if problem.classes else "cv=folds"
    if has_weights:
        options += ", params=weighted(one, weights)"
    lines = [
        "        # It learns from answers for rows that a member has not seen.",
        f"        folds = {kind}({stack_folds(problem)}, shuffle=True, random_state=SEED)",
        f"        parts = [cross_val_predict(one, x, y, {options}) for one in members()]",
    ]
    if not problem.classes:
        lines.append("        self.middle_, self.spread_ = np.mean(y), np.std(y)")
    more = ", **weighted(learner(), weights)" if has_weights else ""
    return [*lines, f"        self.stack_ = learner().fit({_beside(problem, 'parts')}, y{more})"]


def _beside(problem: Problem, parts: str) -> str:
    """Return the features of a stack: as `model.stacked`."""
    return f"odds({parts})" if problem.classes else f"(np.column_stack({parts}) - self.middle_) / self.spread_"
