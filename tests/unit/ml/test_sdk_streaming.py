"""Following jobs: the log as it grows, why a job waits, trials as they end, and the end itself."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rest_world import Asked, FakeServer, Reply

from bancada import errors
from bancada.core.exceptions import HttpResponseError
from bancada.ml import MLClient, sweep_table
from bancada.ml.exceptions import JobException

SERVICES = {"Studio": {"type": "Studio", "endpoint": "http://here/jobs/j"}}


class Story:
    """A job that moves on each time it is asked for, and a log that grows."""

    def __init__(self, server: FakeServer, steps: list[dict[str, Any]], log: bytes = b"", **job: Any) -> None:
        self.steps, self.log, self.job, self.at = steps, log, job, 0
        server.route("GET", "jobs/j", self.show)
        server.route("GET", "jobs/j/logs", self.read)

    def show(self, asked: Asked) -> Reply:
        step = self.steps[min(self.at, len(self.steps) - 1)]
        self.at += 1
        document = {"name": "j", "type": "command", "services": SERVICES, **self.job, **step}
        return Reply(document, headers={"ETag": f'"{self.at}"'})

    def read(self, asked: Asked) -> Reply:
        if asked.query["path"] != "user_logs/std_log.txt":
            return Reply(b"building\n" if asked.query["offset"] == "0" else b"")
        offset = int(asked.query["offset"])
        piece = self.log[offset : offset + 7]
        return Reply(piece, headers={"X-Next-Offset": str(offset + len(piece))})


def test_a_command_is_followed_to_its_end(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [
        {"status": "Queued", "status_reason": "2 jobs are before it."},
        {"status": "Preparing", "status_reason": "Its environment is being built."},
        {"status": "Running"},
        {"status": "Completed", "started_at": "2026-01-01T00:00:01Z", "ended_at": "2026-01-01T00:01:58.5Z"},
    ]
    server.route("GET", "jobs/j/summary", Reply({"metrics": {"loss": "NaN", "accuracy": 14 / 15}}))
    Story(server, steps, "epoch 1 – ok\nepoch 2\n".encode())
    client.jobs.stream("j")
    assert capsys.readouterr().out == (
        "RunId: j\nWeb View: http://here/jobs/j\n\n"
        "Queued: 2 jobs are before it.\n"
        "Preparing: Its environment is being built.\n"
        "\nStreaming azureml-logs/20_image_build_log.txt\n=============================================\n\nbuilding\n"
        "\nStreaming user_logs/std_log.txt\n===============================\n\n"
        "epoch 1 – ok\nepoch 2\n"
        "\nExecution Summary\n=================\nRunId: j\nWeb View: http://here/jobs/j\n"
        "Status: Completed\nDuration: 2 min\nMetrics: accuracy = 0.933333, loss = NaN\n\n"
    )


def test_a_sweep_ends_with_its_best_trial(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    results = {
        "primary_metric": "accuracy",
        "counts": {"Completed": 3, "Failed": 1},
        "best_trial": "j_2",
        "best_value": 0.95,
        "best_parameters": {"depth": 3, "rate": 0.1},
    }
    Story(server, [{"status": "Completed", "results": results}], type="sweep")
    server.route("GET", "jobs/j/trials", Reply({"items": [], "next": None}))
    client.jobs.stream("j")
    assert capsys.readouterr().out.endswith(
        "Web View: http://here/jobs/j\n"
        "Status: Completed\n"
        "Trials: 4 (3 Completed, 1 Failed)\n"
        "Best trial: j_2, accuracy = 0.95 (depth=3 rate=0.1)\n\n"
    )


def test_the_log_of_a_build_of_long_ago_is_not_shown_again(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [{"status": "Queued"}, {"status": "Queued"}, {"status": "Starting"}, {"status": "Completed"}]
    Story(server, steps)
    client.jobs.stream("j")
    assert "building" not in capsys.readouterr().out


def test_a_failed_job_raises_its_reason(server: FakeServer, client: MLClient) -> None:
    error = errors.error_document(errors.JobFailed("The script exited with 1:\nValueError: x"))["error"]
    Story(server, [{"status": "Failed", "error": error}])
    with pytest.raises(JobException, match=r"Job `j` failed\. The script exited with 1") as caught:
        client.jobs.stream("j")
    assert isinstance(caught.value, HttpResponseError)


def test_an_attempt_that_is_repeated_streams_its_log_anew(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [{"status": "Running"}, {"status": "Queued"}, {"status": "Running"}, {"status": "Canceled"}]
    Story(server, steps, b"first\n")
    client.jobs.stream("j")
    out = capsys.readouterr().out
    assert "The attempt ended early; the job is Queued again." in out
    assert out.count("first\n") == 2


def test_a_sweep_shows_a_line_for_each_trial_that_ended(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    Story(
        server,
        [{"status": "Running"}, {"status": "Running"}, {"status": "Completed"}],
        type="sweep",
        limits={"max_total_trials": 20},
        results={"expected_trials": 2},
        objective={"goal": "maximize", "primary_metric": "Score"},
    )
    rounds: list[int] = []

    def trials(asked: Asked) -> Reply:
        rounds.append(1)
        items = [trial(0, "Completed", value=0.875), trial(1, "Completed" if len(rounds) > 2 else "Running")]
        return Reply({"items": items, "next": None})

    server.route("GET", "jobs/j/trials", trials)
    client.jobs.stream("j")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Trial")]
    assert lines == [
        "Trial 1 of 2: j_0 Completed  Score=0.875  n=10 c=gini",
        "Trial 2 of 2: j_1 Completed  n=10 c=gini",
    ]


def test_a_warning_is_shown_once_and_the_first_trial_is_told(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = {"status": "Running", "properties": {"warning": "nobody logged `Score`"}}
    steps = [{"status": "Running"}, {"status": "Running"}, warned, warned, {**warned, "status": "Completed"}]
    Story(server, steps, type="sweep", limits={"max_total_trials": 1})
    states = iter(["Queued", "Starting", "Running", "Running", "Completed"])
    server.route("GET", "jobs/j/trials", lambda asked: Reply({"items": [trial(0, next(states))], "next": None}))
    client.jobs.stream("j")
    out = capsys.readouterr().out
    assert out.count("WARNING: nobody logged `Score`") == 1
    assert "Queued: trial j_0  n=10 c=gini\nStarting: trial j_0 (its interpreter gets warm)  n=10 c=gini\n" in out
    assert out.count("Running: trial j_0  n=10 c=gini") == 1


def test_a_long_wait_is_not_silent(
    server: FakeServer, client: MLClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bancada.ml.streaming.SILENCE_S", 0.0)
    waiting = {"status": "Queued", "status_reason": "no core is free", "queue_position": 2}
    Story(server, [waiting, waiting, {"status": "Starting"}, {"status": "Completed"}])
    client.jobs.stream("j")
    out = capsys.readouterr().out
    said = "Queued: no core is free (place 2 in the queue)"
    assert f"{said}\n" in out
    assert f"{said} (0 s)\n" in out
    assert "Starting: its interpreter gets warm\n" in out


def trial(number: int, status: str, **more: Any) -> dict[str, Any]:
    return {"name": f"j_{number}", "trial": number, "status": status, "parameters": {"n": 10, "c": "gini"}, **more}


class Terminal(io.StringIO):
    """A terminal that keeps what was written."""

    def isatty(self) -> bool:
        return True


def test_a_sweep_on_a_terminal_is_a_table_that_is_drawn_anew(
    server: FakeServer, client: MLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = {"objective": {"goal": "maximize", "primary_metric": "Score"}, "limits": {"max_total_trials": 3}}
    Story(server, [{"status": "Running"}, {"status": "Running"}, {"status": "Completed"}], type="sweep", **sweep)
    asked: list[str | None] = []
    start, end = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:30.000000Z"

    def trials(question: Asked) -> Reply:
        asked.append(question.query.get("cursor"))
        if question.query.get("cursor"):
            return Reply({"items": [trial(2, "Running", started_at=start)], "next": None})
        ended = {"started_at": start, "ended_at": end, "seconds_running": 30.0}
        stopped = trial(1, "Canceled", value=0.5, early_termination={"reason": "bandit: too low"}, **ended)
        return Reply({"items": [trial(0, "Completed", value=0.875, **ended), stopped], "next": "more"})

    server.route("GET", "jobs/j/trials", trials)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    client.jobs.stream("j")
    drawings = terminal.getvalue().split("\x1b[")
    assert len(drawings) == 1 + 2 * 2, "drawn three times, twice over an older drawing"
    first = drawings[0]
    assert "j: Running, 2 of 3 trials done (1 completed, 1 canceled, 1 running)" in first
    assert "Best Score: 0.875 by j_0 (n=10 c=gini)" in first
    assert "trials a minute, about" in first
    assert "stopped early" in first
    assert asked == [None, "more", "more", "more"], "a page that changes no more is asked for once"


def test_the_table_of_a_sweep_fits_its_terminal_and_shows_what_runs() -> None:
    trials = [trial(number, "Completed", value=number / 100) for number in range(100)]
    trials[3] = trial(3, "Running")
    job = {"name": "j", "status": "Running", "objective": {"goal": "minimize", "primary_metric": "loss"}}
    lines = sweep_table.frame(job, trials, 0.0, width=60, height=10)
    assert len(lines) <= 10
    assert max(map(len, lines)) < 60
    assert any(line.split()[:2] == ["3", "Running"] for line in lines)
    assert lines[-1].split()[:3] == ["99", "Completed", "0.99"]


def test_a_download_into_a_folder_that_cannot_be_one_says_so(
    server: FakeServer, client: MLClient, tmp_path: Path
) -> None:
    server.documents["jobs/j"] = {"name": "j", "type": "command", "status": "Completed", "outputs": {}}
    server.route("GET", "jobs/j/files", Reply({"items": [{"path": "a.txt", "is_dir": False, "size": 1}]}))
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.FolderUnusable, match=r"a file in the place of a folder above it\..*download_path"):
        client.jobs.download("j", download_path=tmp_path / "file")


def test_a_job_is_downloaded_in_azures_layout(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    server.documents["jobs/j"] = {"name": "j", "type": "command", "status": "Completed", "outputs": {"out": {}}}
    files = [{"path": "model/a b.pkl", "size": 1, "is_dir": False}, {"path": "model", "size": 0, "is_dir": True}]
    server.route("GET", "jobs/j/files", Reply({"items": files}))
    server.route("GET", "jobs/j/files/model/a b.pkl", Reply(b"x" * 3_000_000))
    server.route("GET", "jobs/j/outputs/out/files", Reply({"items": [{"path": "r.csv"}]}))
    server.route("GET", "jobs/j/outputs/out/files/r.csv", Reply(b"1"))
    client.jobs.download("j", download_path=tmp_path / "one")
    assert (tmp_path / "one" / "artifacts" / "model" / "a b.pkl").stat().st_size == 3_000_000
    assert not (tmp_path / "one" / "named-outputs").exists()
    client.jobs.download("j", download_path=tmp_path / "two", all=True)
    assert (tmp_path / "two" / "named-outputs" / "out" / "r.csv").read_text() == "1"
    client.jobs.download("j", download_path=tmp_path / "three", output_name="out")
    assert not (tmp_path / "three" / "artifacts").exists()


def test_a_listing_that_leads_out_is_refused(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    server.documents["jobs/j"] = {"name": "j", "type": "command", "status": "Completed"}
    server.route("GET", "jobs/j/files", Reply({"items": [{"path": "../evil"}]}))
    with pytest.raises(errors.Internal, match="leads out"):
        client.jobs.download("j", download_path=tmp_path)


def test_a_model_keeps_its_folders_name(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    base = "models/m/versions/1"
    server.documents[base] = {"name": "m", "version": "1", "properties": {"bancada.folder": "heart"}}
    server.route("GET", f"{base}/files", Reply({"items": [{"path": "model.pkl"}]}))
    server.route("GET", f"{base}/files/model.pkl", Reply(b"m"))
    client.models.download("m", "1", tmp_path)
    assert (tmp_path / "m" / "heart" / "model.pkl").read_bytes() == b"m"


def test_cancelling_waits_for_the_end_and_an_ended_job_is_left(server: FakeServer, client: MLClient) -> None:
    Story(server, [{"status": "CancelRequested"}, {"status": "Canceled"}])
    server.route("POST", "jobs/j/cancel", Reply({"name": "j"}, 202))
    poller = client.jobs.begin_cancel("j")
    assert poller.result() is None

    def conflict(asked: Asked) -> Reply:
        raise errors.Conflict("it is over")

    server.route("POST", "jobs/j/cancel", conflict)
    assert client.jobs.begin_cancel("j").result() is None
