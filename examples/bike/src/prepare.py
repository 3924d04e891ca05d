"""Preparation job: days in real units become the columns of the bike lab, split into training and test.

    python prepare.py --raw raw.csv --train TRAIN --test TEST [--test_share 0.1]

Both results are MLTable folders, which an AutoML job takes as `azureml://jobs/<this job>/outputs/train`.
"""

import argparse
import csv
import datetime
import random
from pathlib import Path

COLUMNS = "day mnth year season holiday weekday workingday weathersit temp atemp hum windspeed rentals".split()
SEASONS = {"spring": 1, "summer": 2, "fall": 3, "winter": 4}
MLTABLE = """\
type: mltable
paths:
  - file: ./bike.csv
transformations:
  - read_delimited:
      delimiter: ","
      encoding: utf8
      header: all_files_same_headers
"""


def lab_row(raw):
    """Return one day in the lab's columns: parts of the date, codes for words, shares for real units."""
    date = datetime.date.fromisoformat(raw["date"])
    return {
        "day": date.day,
        "mnth": date.month,
        "year": date.year,
        "season": SEASONS[raw["season"]],
        "holiday": int(raw["holiday"] == "Yes"),
        "weekday": date.isoweekday() % 7,  # 0 is Sunday
        "workingday": int(raw["workingday"] == "Yes"),
        "weathersit": int(raw["weather"]),
        "temp": round((float(raw["temperature"]) + 8) / 47, 6),
        "atemp": round((float(raw["feels_like"]) + 16) / 66, 6),
        "hum": round(float(raw["humidity"]) / 100, 6),
        "windspeed": round(float(raw["wind"]) / 67, 6),
        "rentals": int(raw["casual"]),
    }


def write_table(folder, rows):
    """Write rows as an MLTable folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MLTable").write_text(MLTABLE, encoding="utf-8")
    with (folder / "bike.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main():
    """Read, prepare, split, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--test_share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    with arguments.raw.open(newline="", encoding="utf-8") as file:
        rows = [lab_row(one) for one in csv.DictReader(file)]
    held_out = set(random.Random(arguments.seed).sample(range(len(rows)), round(arguments.test_share * len(rows))))
    test = [row for number, row in enumerate(rows) if number in held_out]
    train = [row for number, row in enumerate(rows) if number not in held_out]
    write_table(arguments.train, train)
    write_table(arguments.test, test)
    print(f"{len(rows)} days: {len(train)} to train on, {len(test)} to test with")


if __name__ == "__main__":
    main()
