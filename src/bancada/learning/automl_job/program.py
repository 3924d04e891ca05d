"""The program of an AutoML job: reads its order and tables, has the engine search, leaves the best model.

SIGTERM (a cancelled job) ends the search; the best so far is saved then. After a kill the next attempt goes on with
the time that is left, from the candidates that were found.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from .client import Tracking
from .conversions import TableError
from .journal import Journal
from .publish import Extras, publish_model, publish_reports
from .recorder import Recorder
from .settings import settings_of
from .tables import read_table

__all__ = ["main"]

ERROR_TAG = "automl.error"
# A cancelled job is ended by force after a minute. A search that has not ended long before that is left behind.
_PATIENCE_S = 25.0
# What an attempt after a kill has at least, to make a model of what was found.
_LEAST_S = 15.0
# A search ends within this share of its time and these seconds (docs/concepts/automl.md). What can be done without is
# done inside of that, but for the seconds that sending the files takes; and nobody wants to wait long for it.
_PROMISED, _PROMISED_S, _SENDING_S, _MOST_EXPLAINING_S = 1.05, 2.0, 1.0, 60.0
# Rows of the training data that cells of explained rows are replaced from, spread over all of them.
_BACKGROUND_ROWS = 1000

# How a sentence begins that says where a table comes from.
_ARE = {
    "training": "The training data are",
    "validation": "The validation data are",
    "test": "The test data are",
}


def main(order: str, engine: Any) -> int:
    """Run the job that the file `order` describes; return the exit code. `engine` is the package with `fit`."""
    document = json.loads(Path(order).read_text(encoding="utf-8"))
    tracking = Tracking.of_this_job()
    journal = Journal(Path(document["checkpoint"]), int(document["attempt"]), minimize=bool(document["minimize"]))
    program = _Program(document, engine, tracking, journal)
    signal.signal(signal.SIGTERM, program.cancel)
    try:
        return program.run()
    except (TableError, engine.SettingsError) as reason:
        return program.fail(str(reason))


@dataclass
class _Program:
    order: Mapping[str, Any]
    engine: Any
    tracking: Tracking
    journal: Journal
    is_cancelled: bool = False
    tables: dict[str, Any] = field(default_factory=dict[str, Any])
    recorder: Recorder | None = None
    clock: Callable[[], float] = time.monotonic
    # On `clock`: when all is made that can be done without.
    ends_at: float = float("inf")
    # Held by the thread that publishes: the program's own, or the one that a cancelled search is left to.
    _publishing: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self, *_: object) -> None:
        """End the search soon; when it does not end, save the best so far from its checkpoint and leave."""
        if not self.is_cancelled:
            self.is_cancelled = True
            watch = threading.Timer(_PATIENCE_S, self._leave)
            watch.daemon = True
            watch.start()

    def _leave(self) -> None:
        if self.recorder is None or not self._publishing.acquire(blocking=False):
            return
        _say("The search takes long to end; the best model so far is saved without it.")
        if self.journal.current.best is not None or self.journal.best is not None:
            self.recorder.settle_on(self.journal.best if self.journal.current.best is None else None)
            self._save(self.engine.load_best(self.journal.folder), self.recorder)
        os._exit(0)

    def fail(self, message: str) -> int:
        """Say why the job cannot go on, on its run and in its log."""
        self.tracking.log(self.tracking.job, tags={ERROR_TAG: message})
        _say(f"Error: {message}")
        return 1

    def run(self) -> int:
        """Search and publish."""
        settings = self._settings()
        self._read_tables(settings)
        self.recorder = Recorder(self.tracking, str(self.order["metric"]), self.journal, _say)
        try:
            result = self._search(settings, self.recorder)
            with self._publishing:
                return self._publish(result, self.recorder)
        finally:
            self.recorder.close()

    def _settings(self) -> Any:
        return settings_of(
            self.engine,
            self.order["job"],
            metric=str(self.order["metric"]),
            seed=int(self.order["seed"]),
            cores=self.order.get("cores"),
        ).checked()

    def _read_tables(self, settings: Any) -> None:
        for name, path in self.order["tables"].items():
            started = time.monotonic()
            self.tables[name] = read_table(path, self.order.get("places") or {})
            rows, columns = self.tables[name].shape
            _say(f"Read {name}: {rows} rows, {columns} columns in {time.monotonic() - started:.1f} s.")
        share = self.order["job"].get("test_data_size")
        if share and "test_data" not in self.tables:
            training = self.tables["training_data"].sample(frac=1.0, random_state=settings.seed)
            held = max(1, round(len(training) * float(share)))
            self.tables |= {"test_data": training.iloc[:held], "training_data": training.iloc[held:]}
            _say(f"{held} rows are kept for the test.")
        folds, rows = settings.n_cross_validations, len(self.tables["training_data"])
        if isinstance(folds, int) and folds > rows and settings.validation_data_size is None:
            _say(f"n_cross_validations is {folds}, but there are {rows} rows: there can be no more folds than rows.")

    def _search(self, settings: Any, recorder: Recorder) -> Any:
        """Return the engine's result; None when it cannot go on with what an earlier attempt had found."""
        limits, attempt = settings.limits, self.journal.current.attempt
        left_s = max(limits.timeout_s - self.journal.spent_s, min(_LEAST_S, limits.timeout_s))
        if attempt > 1:
            _say(f"Going on after attempt {attempt - 1} with {left_s:.0f} s left.")
        self.journal.folder.mkdir(parents=True, exist_ok=True)
        self.ends_at = self.clock() + _PROMISED * left_s + _PROMISED_S - _SENDING_S
        try:
            return self.engine.fit(
                self.tables["training_data"],
                replace(settings, limits=replace(limits, timeout_minutes=left_s / 60)),
                validation_data=self.tables.get("validation_data"),
                test_data=self.tables.get("test_data"),
                observer=recorder,
                is_cancelled=lambda: self.is_cancelled,
                folder=self.journal.folder,
                resume=attempt > 1,
            )
        except self.engine.TablesChanged as reason:
            if self.journal.best is None:
                raise
            _say(f"{reason} The best model of the earlier attempt is saved.")
            return None
        except self.engine.SettingsError as reason:
            # The engine knows tables, not where they came from.
            kind = next((one for one in ("validation", "test") if f"{one} data" in str(reason)), "training")
            kind = kind if self.order["job"].get(f"{kind}_data") else "training"
            raise TableError(f"{reason} {_ARE[kind]} `{_named(self.order['job'], f'{kind}_data')}`.") from reason

    def _publish(self, result: Any, recorder: Recorder) -> int:
        found = None if result is None else result.best
        if found is None and self.journal.best is None:
            if self.is_cancelled:
                return 0
            return self.fail(f"No candidate could be trained: {_reason(result)}")
        model: Any
        if found is not None:
            recorder.settle(found)
            model = cast("Any", result).model
        else:
            recorder.settle_on(self.journal.best)
            model = self.engine.load_best(self.journal.folder)
        run = self._save(model, recorder)
        if run is None:
            return self.fail("The best candidate's run could not be written; the log says why.")
        if found is not None:
            # The model is there already: whoever cancelled and does not wait loses pictures, no more.
            extras = Extras(partial(self._explained, model), self._has_time)
            publish_reports(self.tracking, run, result, extras, _say)
        return 0

    def _has_time(self) -> bool:
        return not self.is_cancelled and self.clock() < self.ends_at

    def _save(self, model: Any, recorder: Recorder) -> str | None:
        """Save the model in the best candidate's run; return that run."""
        recorder.flush()
        run = recorder.best_run
        if run is not None:
            code = [one for one in sorted(Path(self.order["engine"]).iterdir()) if one.is_dir()]
            algorithms = [str(one.name) for one in model.members]
            copies = [Path(one) for one in self.order.get("outputs") or ()]
            publish_model(self.tracking, run, model, self._features(), code, algorithms, copies)
            _say(f"The best model is saved in {run}.")
        return run

    def _features(self) -> Any:
        return self.tables["training_data"].drop(columns=[self.order["job"]["target_column_name"]])

    def _explained(self, model: Any, rows: int) -> Any:
        """Return shares of columns in the answers for the first rows, with what a page shows of these rows.

        Near the end of the time there are fewer rows than asked for; None when there is no time for one.
        """
        of = "test_data" if "test_data" in self.tables else "training_data"
        table, training = self.tables[of].head(rows), self.tables["training_data"]
        predicted = model.predict(table).tolist()
        found = self.engine.explain_rows(
            model,
            table,
            others=training.iloc[:: -(-len(training) // _BACKGROUND_ROWS)],
            ends_at=min(self.ends_at, self.clock() + _MOST_EXPLAINING_S),
            clock=self.clock,
        )
        if found is None:
            return None
        count = len(found.shares)
        if count < len(table):
            _say(f"There was time to explain {count} of {len(table)} rows one by one.")
        return {
            **{name: getattr(found, name) for name in ("method", "columns", "shares", "base", "others")},
            # Which table the rows are of: those of the training the model has seen.
            "of": of,
            # What the shares of each output speak for: the second of two classes, each of more, or the number.
            "outputs": list(model.labels)[1:] if len(model.labels) == 2 else list(model.labels),
            "rows": [[row[name] for name in found.columns] for row in table.head(count).to_dict("records")],
            "target": table[self.order["job"]["target_column_name"]].tolist()[:count],
            "predicted": predicted[:count],
        }


def _named(job: Mapping[str, Any], field: str) -> str:
    """Return data as a person knows them: an uploaded file by its name, else what was written."""
    given: Any = job.get(field)
    path = str(cast("Mapping[str, Any]", given).get("path") if isinstance(given, Mapping) else given)
    is_uploaded = path.startswith("azureml:trees/") or "/LocalUpload/" in path
    return path.rstrip("/").rpartition("/")[2] if is_uploaded else path


def _reason(result: Any) -> str:
    errors = [row.error for row in result.leaderboard if row.error] if result is not None else []
    return str(errors[0]) if errors else "the time was over before one was done; give the job more minutes."


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
