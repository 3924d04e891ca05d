"""`bancada up`, `status`, `down`, and what happens when something is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request

import pytest


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        return answer.read()


def error_lines(done) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("ERROR")]


def test_up_status_down_and_nothing_is_left(platform):
    began = time.monotonic()
    shown = platform.up().stderr
    assert time.monotonic() - began < 60  # how quick it is is measured in bench/
    url = re.search(r"Server:\s+(\S+)", shown)[1]
    assert json.loads(get(f"{url}/healthz"))["status"] == "ok"
    state = platform.json("status", "-o", "json")
    assert (state["state"], state["url"], state["gateway_up"]) == ("up", url, True)
    assert state["jobs"] == {"running": 0, "queued": 0, "names": []}
    assert "Bancada is up" in platform.run("status").stdout
    assert len(platform.processes()) == 2
    platform.run("down")
    assert platform.left() == {}
    assert platform.run("status", check=False).returncode == 3


def test_a_second_up_is_one_sentence_with_process_and_address(platform):
    platform.up()
    record = platform.home.server()
    for arguments in (["up"], ["up", "--detach"]):
        done = platform.run(*arguments, check=False)
        assert done.returncode == 3
        assert error_lines(done) == [
            f"ERROR (home.in_use): Bancada is already up in the home {platform.root}:"
            f" process {record.pid} serves {record.url}."
        ]
    assert platform.home.server() == record
    logged = [line for line in platform.run("logs").stdout.splitlines() if "is already up" in line]
    assert len(logged) == 1
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ERROR bancada\.app: ", logged[0])


def test_a_cache_that_cannot_be_written_is_a_warning_at_the_start(platform, tmp_path):
    (tmp_path / "file").write_text("")
    platform.environment["BANCADA_CACHE"] = str(tmp_path / "file")
    warning = f"WARNING: No environment can be built. The cache folder {tmp_path / 'file'} cannot be used: "
    assert warning in platform.up().stderr


@pytest.mark.parametrize("flag", ["--port", "--gateway-port"])
def test_an_explicit_port_in_use_is_one_sentence(platform, flag):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        other = "--gateway-port" if flag == "--port" else "--port"
        done = platform.run("up", "--detach", flag, port, other, "0", check=False)
    assert done.returncode == 3
    assert len(error_lines(done)) == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr
    assert platform.left() == {}


def test_everything_is_still_there_after_a_restart_on_the_same_ports(platform):
    platform.up()
    before = platform.home.server()
    platform.run("workspace", "create", "-n", "heart-lab")
    platform.run(
        "compute", "create", "-n", "cpu-cluster", "--type", "amlcompute", "--max-instances", "2", "-w", "heart-lab"
    )
    platform.run("down")
    platform.up()
    after = platform.home.server()
    assert (after.url, after.gateway_url) == (before.url, before.gateway_url)
    assert platform.json("compute", "show", "-n", "cpu-cluster", "-w", "heart-lab")["max_instances"] == 2


def test_a_killed_server_leaves_the_gateway_and_the_next_one_takes_it_over(platform, eventually):
    platform.up()
    server, gateway = platform.home.server(), platform.home.gateway()
    os.kill(server.pid, signal.SIGKILL)
    eventually(lambda: not platform.home.is_up)
    assert platform.home.gateway_is_up
    state = json.loads(platform.run("status", "-o", "json", check=False).stdout)
    assert (state["state"], state["gateway_up"]) == ("down", True)
    platform.up()
    assert platform.home.gateway() == gateway
    assert platform.home.server().pid != server.pid
    platform.run("down")
    assert platform.left() == {}


def test_a_newer_database_is_one_sentence_and_the_gateway_goes_on(platform, eventually):
    platform.up()
    os.kill(platform.home.server().pid, signal.SIGKILL)
    eventually(lambda: not platform.home.is_up)
    with sqlite3.connect(platform.root / "bancada.db") as database:
        database.execute("INSERT INTO schema_steps VALUES (999, 'from the future', 0)")
    database.close()
    done = platform.run("up", "--detach", check=False)
    assert done.returncode == 3
    assert len(error_lines(done)) == 1
    assert "A newer Bancada wrote this database (schema 999" in error_lines(done)[0]
    assert platform.home.gateway_is_up


def test_down_also_stops_a_gateway_whose_server_was_killed(platform, eventually):
    platform.up()
    os.kill(platform.home.server().pid, signal.SIGKILL)
    eventually(lambda: not platform.home.is_up)
    platform.run("down")
    assert platform.left() == {}


def test_a_killed_gateway_is_started_again_on_its_port(platform, eventually):
    platform.up()
    before = platform.home.gateway()
    os.kill(before.pid, signal.SIGKILL)
    after = eventually(lambda: (found := platform.home.gateway()) and found.pid != before.pid and found)
    assert after.port == before.port
    assert platform.home.gateway_is_up


def test_up_in_the_foreground_ends_with_ctrl_c(platform):
    with platform.start("up", "--port", "0", "--gateway-port", "0") as process:
        banner = iter(process.stderr.readline, "")
        assert any(line.startswith("Stop it with Ctrl-C") for line in banner)
        os.kill(process.pid, signal.SIGINT)
        assert process.stderr.read().strip() == "Bancada is down."
        assert process.wait(120) == 0
    assert platform.left() == {}


def test_down_does_not_wait_for_who_listens_to_events(platform):
    platform.environment = {"BANCADA_SHUTDOWN_WAIT_S": "100"}
    platform.up()
    record, token = platform.home.server(), platform.home.read_token()
    request = urllib.request.Request(
        f"{record.url}/api/v1/workspaces/default/events", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=120) as stream:
        assert stream.readline() == b"retry: 1000\n"
        began = time.monotonic()
        platform.run("down")
        assert time.monotonic() - began < 60  # and not the time that open requests have


def test_the_page_opens_with_the_printed_link(platform):
    shown = platform.up().stderr
    url, code = re.search(r"Page:\s+(\S+)/#code=(\S+)", shown).groups()
    assert b"<title>Bancada</title>" in get(f"{url}/")
    body = json.dumps({"code": code}).encode()
    request = urllib.request.Request(f"{url}/session", body, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    assert json.loads(get(f"{url}/api/v1/workspaces", Cookie=cookie))["items"][0]["name"] == "default"


def test_requests_that_are_refused_have_the_one_form(platform):
    platform.up()
    url, token = platform.home.server().url, platform.home.read_token()
    for headers, body, status, code in (
        ({}, b"{}", 401, "unauthenticated"),
        ({"Authorization": "Bearer wrong"}, b"{}", 401, "unauthenticated"),
        ({"Authorization": f"Bearer {token}"}, b"type: command", 400, "invalid"),
        ({"Authorization": f"Bearer {token}", "Host": "evil.example"}, b"{}", 403, "forbidden"),
    ):
        request = urllib.request.Request(f"{url}/api/v1/workspaces/default/jobs", body, headers, method="POST")
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request, timeout=60)
        assert raised.value.code == status
        assert json.loads(raised.value.read())["error"]["code"] == code


def test_the_platform_is_small_when_idle(platform):
    platform.up()
    used = platform.json("status", "-o", "json")["memory"]
    assert used["server_mib"] + used["gateway_mib"] < 150


def test_a_workspace_that_exists_is_not_silently_created_again(platform):
    platform.up()
    made = platform.run("workspace", "create", "-n", "heart-lab", "--description", "hearts")
    assert "exists already" not in made.stderr
    again = platform.run("workspace", "create", "-n", "heart-lab")
    assert "The workspace `heart-lab` exists already: nothing was changed.\n" in again.stderr
    assert json.loads(again.stdout)["description"] == "hearts"
    named = platform.run("workspace", "create", "-n", "heart-lab", "--display-name", "Hearts")
    assert "The workspace `heart-lab` exists already: changed display_name.\n" in named.stderr
    shown = platform.json("workspace", "show", "-n", "heart-lab")
    assert (shown["display_name"], shown["description"]) == ("Hearts", "hearts")
