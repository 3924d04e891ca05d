"""Finds a model of a day's casual riders with the AutoML engine alone: no server, no job."""

import argparse
from pathlib import Path

import pandas as pd
from bancada.learning.automl import Limits, Settings, Silent, explain_rows, fit

# A day of 2024: the training years are 2011 and 2012, and the model says so.
DAY = {
    "day": 23, "mnth": 3, "year": 2024, "season": 2, "holiday": 0, "weekday": 1, "workingday": 1, "weathersit": 2,
    "temp": 0.3, "atemp": 0.3, "hum": 0.3, "windspeed": 0.3,
}


class Told(Silent):
    """Prints what happens."""

    def on_candidate(self, row):
        """Print a candidate that has ended."""
        score = "" if row.score is None else f"{row.score:.4f}"
        print(f"{row.number:4d}  {row.name:32s} {row.state:10s} {score}")


def main():
    """Run the engine and ask its model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0, help="time of the search (default: 60)")
    seconds = parser.parse_args().seconds
    table = pd.read_csv(Path(__file__).with_name("data") / "bike.csv")
    settings = Settings("regression", "rentals", limits=Limits(timeout_minutes=seconds / 60))
    result = fit(table, settings, observer=Told())
    print(f"\nbest: {result.best.name}, normalised RMSE {result.best.score:.4f}, after {result.elapsed_s:.0f} s")
    for name, weight in result.ensemble.items():
        print(f"  {weight:.2f}  {name}")
    print("\nwhat matters:", ", ".join(list(result.explanation.importances)[:4]) if result.explanation else "no time")
    print("the day of 2024:", round(float(result.model.predict([DAY])[0])), "riders;", *result.model.notes([DAY]))
    local = explain_rows(result.model, table)
    row = local.shares[0, :, 0]
    print("the first day:", ", ".join(f"{name} {row[n]:+.0f}" for n, name in enumerate(local.columns)))


if __name__ == "__main__":
    main()
