"""Other ways to run the heart search, each in its own interpreter: started by sweep.py, not by hand.

    python peers.py optuna|optuna-mlflow|ray|ray-script DATA POINTS.json

Prints a line with the seconds since the process began for each trial that has ended. The function is the walk-through's
training without its tracking: read, split, fit, score; `optuna-mlflow` logs a run with parameters and the score.
`ray-script` is like for like: each trial runs the unchanged script, with all that it logs and registers.
"""

import json
import os
import runpy
import shutil
import sys
import tempfile
import time

STARTED = time.time()
NUMERIC = ["age", "trtbps", "chol", "thalachh", "oldpeak"]
CATEGORICAL = ["cp", "restecg"]


def score(data, point):
    """Return the accuracy of one forest."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = pd.read_csv(data).drop(columns=["Unnamed: 0"])
    parts = train_test_split(table.drop(columns=["output"]), table["output"], test_size=0.2, random_state=0)
    columns = ColumnTransformer([("numeric", StandardScaler(), NUMERIC), ("kinds", OneHotEncoder(), CATEGORICAL)])
    depth = None if point["max_depth"] == -1 else point["max_depth"]
    forest = RandomForestClassifier(**{**point, "max_depth": depth})
    model = Pipeline([("columns", columns), ("forest", forest)]).fit(parts[0], parts[2])
    return model.score(parts[1], parts[3])


def ended():
    """Say that a trial has ended."""
    print(json.dumps({"ended_s": time.time() - STARTED}), flush=True)


def with_optuna(data, points, tracked):
    """Run the points as an Optuna study in this process, with or without an MLflow run for each."""
    import optuna

    if tracked:
        import mlflow

        mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
        mlflow.set_experiment("optuna")
    study = optuna.create_study(direction="maximize")
    for point in points:
        study.enqueue_trial(point)
    options = {name: sorted({point[name] for point in points}, key=str) for name in points[0]}

    def objective(trial):
        point = {name: trial.suggest_categorical(name, values) for name, values in options.items()}
        value = score(data, point)
        if tracked:
            with mlflow.start_run():
                mlflow.log_params(point)
                mlflow.log_metric("Score", value)
        return value

    study.optimize(objective, n_trials=len(points), callbacks=[lambda *_: ended()])


def run_script(data, point):
    """Run the walk-through's script as a fresh process would; return the score that it logged."""
    import mlflow

    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        code = os.path.join(folder, "src")
        shutil.copytree(os.path.join(os.path.dirname(data), "src"), code)
        os.chdir(code)
        sys.argv = ["model_train.py", "--input_data", data, "--model_name", "heart"]
        sys.argv += [word for key, value in point.items() for word in (f"--{key}", str(value))]
        runpy.run_path("model_train.py", run_name="__main__")
        os.chdir("/")
    return mlflow.last_active_run().data.metrics["Score"]


def with_ray(data, points, train):
    """Run the points with Ray Tune, one at a time, as a function that reports its score."""
    from ray import tune

    def trainable(config):
        tune.report({"Score": train(data, config["point"])})

    class Ends(tune.Callback):
        def on_trial_complete(self, *arguments, **named):
            ended()

    search = {"point": tune.grid_search(points)}
    settings = tune.TuneConfig(max_concurrent_trials=1)
    tune.Tuner(
        trainable, param_space=search, tune_config=settings, run_config=tune.RunConfig(callbacks=[Ends()], verbose=0)
    ).fit()


if __name__ == "__main__":
    kind, data, listed = sys.argv[1:]
    with open(listed, encoding="utf-8") as file:
        points = json.load(file)
    if kind.startswith("ray"):
        with_ray(data, points, run_script if kind == "ray-script" else score)
    else:
        with_optuna(data, points, tracked=kind == "optuna-mlflow")
