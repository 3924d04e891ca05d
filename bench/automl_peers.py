"""One AutoML run, in the environment of the one that runs: started by automl.py, not by hand.

    python automl_peers.py PEER TABLE SPLIT BUDGET_S WHEELS

Prints a line of JSON: the error on the held-out part, seconds, latencies. The error is 1 - AUC, 1 - accuracy, or RMSE
divided by the target's range over the whole table.
"""

import json
import logging
import resource
import statistics
import sys
import tempfile
import time
import warnings
from importlib import import_module

import numpy as np
import pandas as pd
from automl_sets import ACC, REPORTED, TUNED, load, split


def ours(train, table, budget):
    """Fit Bancada's engine."""
    from bancada.learning.automl import Limits, Settings, Training, fit

    settings = Settings(
        table.task,
        table.target,
        primary_metric=table.metric,
        limits=Limits(timeout_minutes=budget / 60),
        training=Training(enable_model_explainability=False),
    )
    result = fit(train, settings)
    model = result.model
    if table.task == "regression":
        return model.predict
    return lambda frame: pd.DataFrame(model.predict_proba(frame), columns=[str(one) for one in model.classes_])


def flaml(train, table, budget):
    """Fit FLAML with its defaults, on two cores."""
    from flaml import AutoML

    metric = {"AUC_weighted": "roc_auc", ACC: "accuracy"}.get(table.metric, "rmse")
    model = AutoML()
    x, y = train.drop(columns=[table.target]), train[table.target]
    # Its search takes no object columns with whole numbers and gaps mixed in; text becomes categories, as it advises.
    levels = list(x.select_dtypes(exclude="number"))
    types = {name: pd.CategoricalDtype(sorted(x[name].dropna().astype(str).unique())) for name in levels}

    def prepared(frame):
        found = frame.drop(columns=[table.target], errors="ignore").copy()
        for name, kind in types.items():
            found[name] = found[name].astype(object).where(found[name].isna(), found[name].astype(str)).astype(kind)
        return found

    model.fit(prepared(x), y, task=table.task, metric=metric, time_budget=budget, n_jobs=2, seed=0, verbose=0)
    if table.task == "regression":
        return lambda frame: model.predict(prepared(frame))
    return lambda frame: pd.DataFrame(
        model.predict_proba(prepared(frame)), columns=[str(one) for one in model.classes_]
    )


def autogluon(train, table, budget, preset):
    """Fit AutoGluon with a preset, on two cores."""
    from autogluon.tabular import TabularPredictor

    metric = {"AUC_weighted": "roc_auc", ACC: "accuracy"}.get(table.metric, "root_mean_squared_error")
    folder = tempfile.mkdtemp(prefix="autogluon-")
    problem = "regression" if table.task == "regression" else None
    more = {} if preset == "medium" else {"ag_args_ensemble": {"fold_fitting_strategy": "sequential_local"}}
    model = TabularPredictor(table.target, problem_type=problem, eval_metric=metric, path=folder, verbosity=0)
    model.fit(train, time_limit=budget, presets=preset, num_cpus=2, num_gpus=0, **more)
    if table.task == "regression":
        return model.predict
    return model.predict_proba


def lightgbm(train, table, budget):
    """Fit LightGBM with its defaults, on one thread."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    return _plain(LGBMClassifier if table.task != "regression" else LGBMRegressor, train, table, n_jobs=1, verbose=-1)


def catboost(train, table, budget):
    """Fit CatBoost with its defaults, on two threads, within the budget."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostRegressor if table.task == "regression" else CatBoostClassifier
    levels = list(train.drop(columns=[table.target]).select_dtypes(exclude="number"))
    x = _filled(train, table, levels)
    model = kind(thread_count=2, verbose=False, allow_writing_files=False).fit(
        x, train[table.target], cat_features=levels
    )
    predict = model.predict if table.task == "regression" else model.predict_proba
    names = [str(one) for one in getattr(model, "classes_", [])]

    def answer(frame):
        found = predict(_filled(frame, table, levels))
        return found if table.task == "regression" else pd.DataFrame(found, columns=names)

    return answer


def _filled(frame, table, levels):
    x = frame.drop(columns=[table.target], errors="ignore").copy()
    for name in levels:
        x[name] = x[name].astype(object).where(x[name].notna(), "missing").astype(str)
    return x


def _plain(kind, train, table, **options):
    """Fit a model that takes pandas' categories."""
    x = train.drop(columns=[table.target])
    levels = list(x.select_dtypes(exclude="number"))
    types = {name: pd.CategoricalDtype(sorted(x[name].dropna().astype(str).unique())) for name in levels}

    def prepared(frame):
        found = frame.drop(columns=[table.target], errors="ignore").copy()
        for name, one in types.items():
            found[name] = found[name].astype(object).where(found[name].isna(), found[name].astype(str)).astype(one)
        return found.rename(columns={name: f"c{place}" for place, name in enumerate(found)})

    model = kind(**options).fit(prepared(train), train[table.target])
    if table.task == "regression":
        return lambda frame: model.predict(prepared(frame))
    return lambda frame: pd.DataFrame(
        model.predict_proba(prepared(frame)), columns=[str(one) for one in model.classes_]
    )


# Imported before the clock starts: what a budget covers begins with the call.
MODULES = {"ours": "bancada.learning.automl", "flaml": "flaml", "lightgbm": "lightgbm", "catboost": "catboost"}
PEERS = {
    "ours": ours,
    "flaml": flaml,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "autogluon-medium": lambda *one: autogluon(*one, "medium"),
    "autogluon-best": lambda *one: autogluon(*one, "best_v150"),
}


def error_of(table, test, found, span):
    """Return the error of predictions for the held-out rows."""
    from sklearn.metrics import roc_auc_score

    truth = test[table.target]
    if table.task == "regression":
        return float(np.sqrt(np.mean((np.asarray(found) - truth.to_numpy()) ** 2)) / span)
    found = pd.DataFrame(np.asarray(found), columns=[str(one) for one in found.columns])
    if table.metric == ACC:
        return float(1 - np.mean(found.idxmax(axis=1).to_numpy() == truth.to_numpy()))
    positive = sorted(found.columns)[1]
    return float(1 - roc_auc_score(truth == positive, found[positive]))


def main():
    """Run one."""
    peer, name, number, budget, wheels = sys.argv[1:6]
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    table = {**REPORTED, **TUNED}[name]
    frame = load(table, wheels)
    train, test = split(frame, table, int(number))
    span = float(np.ptp(frame[table.target])) if table.task == "regression" else 1.0
    import_module(MODULES.get(peer, "autogluon.tabular"))
    started, cpu = time.perf_counter(), _cpu()
    predict = PEERS[peer](train, table, float(budget))
    seconds, cpu_s = time.perf_counter() - started, _cpu() - cpu
    features = test.drop(columns=[table.target])
    error = error_of(table, test, predict(features), span)
    many = pd.concat([features] * (10_000 // len(features) + 1)).iloc[:10_000]
    before = time.process_time()
    predict(many)
    many_s = time.process_time() - before
    ones = []
    for place in range(20):
        one = features.iloc[[place % len(features)]]
        before = time.process_time()
        predict(one)
        ones.append(time.process_time() - before)
    found = {"error": error, "seconds": round(seconds, 1), "cpu_s": round(cpu_s, 1), "rows": len(train)}
    found |= {"one_row_ms": round(1000 * statistics.median(ones), 2), "many_rows_s": round(many_s, 2)}
    print(json.dumps(found))


def _cpu():
    whole = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in whole)


if __name__ == "__main__":
    main()
