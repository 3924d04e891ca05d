"""The home: one server, a private token, ports that are remembered."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
import threading

import pytest

from bancada.errors import HomeInUse, Invalid, NewerHome, NotFound, PortInUse
from bancada.home import FORMAT, Home, Lock, ServerRecord, bind, write_private
from bancada.ports import Wish, listen
from ports import free_port


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    return home


def record(**changes) -> ServerRecord:
    values = {
        "pid": 41, "version": "1", "url": "http://127.0.0.1:7280", "gateway_url": "http://127.0.0.1:7281",
        "host": "127.0.0.1", "port": 7280, "gateway_port": 7281, "started_at": 1.0,
    }  # fmt: skip
    return ServerRecord(**{**values, **changes})


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_reads_the_home(home):
    assert mode(home.root) == 0o700
    assert home.owner_token() == home.owner_token() == home.read_token()
    assert mode(home.token_file) == 0o600
    home.record_server(record())
    assert mode(home.root / "server.json") == 0o600


def test_two_starts_at_once_agree_on_the_token(home):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(home.owner_token())) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(found)) == 1
    assert not list(home.root.glob(".token.*"))


def test_a_home_without_a_token_has_no_server_yet(tmp_path):
    with pytest.raises(NotFound, match="bancada up"):
        Home(tmp_path).read_token()


def test_a_second_server_is_told_who_is_first(home):
    home.record_server(record())
    with home.held():
        assert home.is_up
        with pytest.raises(HomeInUse, match=r"process 41 serves http://127\.0\.0\.1:7280") as raised, home.held():
            pass
        assert raised.value.details["pid"] == 41
    assert not home.is_up


def test_the_lock_goes_with_a_killed_process(home):
    code = (
        "import sys; from bancada.home import Home; from pathlib import Path\n"
        f"with Home(Path({str(home.root)!r})).held():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    assert home.is_up
    process.kill()
    process.communicate()
    assert not home.is_up


def test_a_newer_home_is_refused(home):
    write_private(home.root / "home.json", {"format": FORMAT + 1})
    with pytest.raises(NewerHome, match="upgrade Bancada"):
        home.prepare()


def test_a_stop_keeps_the_ports(home):
    home.record_server(record(port=5000))
    home.record_stop(9.0)
    assert (home.server().port, home.server().stopped_at) == (5000, 9.0)


def test_launches_that_still_run_are_counted_by_their_locks(home):
    for name, ended in (("a.1", False), ("b.1", True), ("c.1", False)):
        folder = home.root / "launches" / name
        folder.mkdir(parents=True)
        (folder / "lock").touch()
        if ended:
            (folder / "exit.json").touch()
    assert home.unfinished_launches() == 0
    lock = Lock(home.root / "launches" / "a.1" / "lock")
    assert lock.take()
    assert home.unfinished_launches() == 1
    lock.release()


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_an_explicit_port_in_use_is_one_sentence(home, taken):
    wish = Wish("port", taken, is_explicit=True, remembered=None)
    with pytest.raises(PortInUse, match=rf"^Port {taken} of 127\.0\.0\.1 cannot be used \([^)]+\)\. ") as raised:
        listen(home, "127.0.0.1", wish)
    assert "\n" not in str(raised.value)


def test_a_usual_port_in_use_gives_way_with_a_warning(home, taken):
    listener, warning = listen(home, "127.0.0.1", Wish("port", taken, is_explicit=False, remembered=None))
    with listener:
        assert listener.getsockname()[1] != taken
        assert str(taken) in warning


@pytest.mark.parametrize(("port", "is_explicit"), [(0, True), (7280, False)])
def test_the_remembered_port_comes_first(home, port, is_explicit):
    remembered = free_port()
    listener, warning = listen(home, "127.0.0.1", Wish("port", port, is_explicit, remembered))
    with listener:
        assert (listener.getsockname()[1], warning) == (remembered, None)


def test_a_remembered_port_in_use_is_an_error_only_while_jobs_call_it(home, taken):
    wish = Wish("port", 0, is_explicit=True, remembered=taken)
    listener, warning = listen(home, "127.0.0.1", wish)
    listener.close()
    assert warning
    folder = home.root / "launches" / "a.1"
    folder.mkdir(parents=True)
    lock = Lock(folder / "lock")
    assert lock.take()
    with pytest.raises(PortInUse, match="jobs of this home"):
        listen(home, "127.0.0.1", wish)
    lock.release()


def test_a_port_in_use_names_the_flag_to_choose_another(taken):
    with pytest.raises(PortInUse, match="with --gateway-port, or take any free one with --gateway-port 0"):
        bind("127.0.0.1", taken, flag="--gateway-port")


def test_a_home_keeps_to_its_database(home):
    home.settle_database("")
    home.settle_database("sqlite:////somewhere/else.db")
    with pytest.raises(Invalid, match="keeps its state in SQLite"):
        home.settle_database("postgresql://me@localhost/bancada")
    home.prepare()


def test_a_home_in_postgresql_asks_for_its_address(home):
    home.settle_database("postgres://me@localhost/bancada")
    home.settle_database("postgresql://you@elsewhere/bancada")
    with pytest.raises(Invalid, match="give its address with --postgres"):
        home.settle_database("")


def test_a_private_file_is_never_seen_half(home):
    path = home.root / "x.json"
    write_private(path, "a" * 100)
    assert mode(path) == 0o600
    assert not [one for one in os.listdir(home.root) if one.startswith(".x.json")]


def test_who_only_looks_at_a_lock_keeps_nobody_from_taking_it(home, monkeypatch):
    looking = os.open(home.lock_file, os.O_RDWR | os.O_CREAT)
    fcntl.flock(looking, fcntl.LOCK_SH)  # as `is_locked` does, for an instant
    monkeypatch.setattr("bancada.home.time.sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
    lock = Lock(home.lock_file)
    assert lock.take()
    lock.release()
    os.close(looking)


def test_a_lock_that_is_held_is_not_taken(home):
    holder, other = Lock(home.lock_file), Lock(home.lock_file)
    assert holder.take()
    assert not other.take()
    holder.release()
    assert other.take()
    other.release()


def test_a_number_that_is_no_port_is_refused():
    with pytest.raises(Invalid, match="99999 is no port"):
        bind("127.0.0.1", 99999)


def test_what_a_newer_version_noted_of_its_server_is_left_out(home):
    home.record_server(record())
    noted = json.loads((home.root / "server.json").read_text())
    write_private(home.root / "server.json", {**noted, "mood": "good"})
    assert home.server() == record()
