"""One training run of the walk-through: a random forest on the heart data, logged and registered with MLflow.

Nothing here knows the platform: it is a plain MLflow script, as one writes it for Azure ML.
"""

import argparse
import os

import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMERIC = ["age", "trtbps", "chol", "thalachh", "oldpeak"]
CATEGORICAL = ["cp", "restecg"]
TARGET = "output"


def none_or(kind):
    """Return a parser of arguments for which -1 and 'None' mean None."""

    def parse(text):
        return None if text in ("-1", "None") else kind(text)

    return parse


def parse_arguments():
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--input_data", type=str, help="path of the training data (csv)")
    parser.add_argument("--model_name", type=str, default="heart", help="name under which the model is registered")
    parser.add_argument("--test_size", type=float, default=0.2)
    parser.add_argument("--n_estimators", type=int, default=100)
    parser.add_argument("--max_depth", type=none_or(int), default=None)
    parser.add_argument("--criterion", type=str, default="gini")
    parser.add_argument("--max_features", type=none_or(str), default="sqrt")
    return parser.parse_args()


def read_data(path, test_size):
    """Return X_train, X_test, y_train, y_test."""
    data = pd.read_csv(path)
    data = data.drop(columns=["Unnamed: 0"])
    return train_test_split(data.drop(columns=[TARGET]), data[TARGET], test_size=test_size, random_state=0)


def make_model(arguments):
    """Return the pipeline, not fitted."""
    columns = ColumnTransformer([("numeric", StandardScaler(), NUMERIC), ("categorical", OneHotEncoder(), CATEGORICAL)])
    forest = RandomForestClassifier(
        n_estimators=arguments.n_estimators,
        max_depth=arguments.max_depth,
        criterion=arguments.criterion,
        max_features=arguments.max_features,
    )
    return Pipeline([("columns", columns), ("forest", forest)])


def main():
    """Train, score, log and register."""
    arguments = parse_arguments()
    mlflow.start_run()
    mlflow.sklearn.autolog()

    mlflow.log_param("criterion", arguments.criterion)
    mlflow.log_param("max_features", arguments.max_features)
    mlflow.log_metric("n_estimators", arguments.n_estimators)
    mlflow.log_metric("max_depth", -1 if arguments.max_depth is None else arguments.max_depth)

    x_train, x_test, y_train, y_test = read_data(arguments.input_data, arguments.test_size)
    model = make_model(arguments)
    model.fit(x_train, y_train)
    score = model.score(x_test, y_test)

    # The name makes a version of each trial's model; the walk-through registers the best one once more, as the last.
    mlflow.sklearn.log_model(
        sk_model=model, registered_model_name=arguments.model_name, artifact_path=arguments.model_name
    )
    mlflow.sklearn.save_model(sk_model=model, path=os.path.join(arguments.model_name, "trained_model"))
    mlflow.log_metric("Score", score)
    print(f"Score: {score:.4f}")
    mlflow.end_run()


if __name__ == "__main__":
    main()
