"""The gateway as a process in front of real replicas: codes, limits, deaths, restarts, reloads."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import time
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from serving_world import KEY, PATIENCE_S, Answer, Gateway, Load, Replica, ServingWorld, call, wait_for

from bancada.engine import router
from bancada.engine.router import DeploymentRoutes
from bancada.ids import token_hash

DOUBLE = """
    import json, os

    def init():
        pass

    def run(raw):
        return [2 * value for value in json.loads(raw)]
"""
# Answers which replica it is; sleeps as long as it is told to.
SLEEPER = """
    import json, os, pathlib, time

    def init():
        pass

    def run(raw):
        pathlib.Path("asked").touch()
        time.sleep(json.loads(raw)[0] / 1000)
        return os.environ["NAME"]
"""
# Begins each request with a file `asked`, and ends it when somebody has made the file `go`.
WAITER = """
    import os, pathlib, time

    def init():
        pass

    def run(raw):
        pathlib.Path("asked").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.01)
        return os.environ["NAME"]
"""
# Tells by a file that it has begun a request of a second or more.
HOLDER = """
    import json, os, pathlib, time

    def init():
        pass

    def run(raw):
        milliseconds = json.loads(raw)[0]
        if milliseconds >= 1000:
            pathlib.Path("holding").touch()
        time.sleep(milliseconds / 1000)
        return os.environ["NAME"]
"""
WIDE = {"max_concurrent_requests_per_instance": 64}
# Where a test is not about them, no limit of time may come first on a loaded machine.
PATIENT = {"request_timeout_ms": 150_000, "max_queue_wait_ms": 150_000}


def beside(replica: Replica, name: str) -> Path:
    """Return the place of a file in a replica's working folder."""
    return replica.folder.parent / "code" / name


def ask_beside(gateway: Gateway, answers: list[Answer], count: int = 1, body: bytes = b"[1, 2]") -> list[Thread]:
    """Send requests from threads, which note the answers."""
    threads = [Thread(target=lambda: answers.append(call(gateway.score_url(), body))) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def gauge(world: ServingWorld, name: str) -> int:
    """Return a number that the gateway tells of the first deployment; -1 when it is too busy to tell."""
    state = router.gateway_state(world.home, world.sockets)
    return state["deployments"][0][name] if state else -1


def test_a_request_is_scored(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    gateway = world.gateway()
    assert world.publish({"blue": DeploymentRoutes(replicas=[replica.socket])})
    answer = call(gateway.score_url(), headers={"X-Request-Id": "mine"})
    assert (answer.status, answer.value) == (200, [2, 4])
    assert answer.headers["azureml-model-deployment"] == "blue"
    assert answer.headers["x-request-id"] == "mine"
    assert float(answer.headers["x-ms-run-fn-exec-ms"]) >= 0


def test_the_files_are_for_their_owner_only(world: ServingWorld) -> None:
    world.gateway()
    world.publish({"blue": DeploymentRoutes()})
    for path in (world.home / "gateway" / "routes.json", world.home / "gateway" / "gateway.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((world.sockets / "gateway.sock").stat().st_mode) == 0o600
    assert KEY not in (world.home / "gateway" / "routes.json").read_text()


@pytest.mark.parametrize("key", [None, "wrong", "", f"{KEY}x", token_hash(KEY)])
def test_a_wrong_key_is_refused(world: ServingWorld, key: str | None) -> None:
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes()})
    answer = call(gateway.score_url(), key=key)
    assert answer.status == 401
    assert answer.value["error"]["code"] == "Unauthorized"
    assert "Authorization: Bearer" in answer.value["error"]["message"]


def test_what_is_not_there_is_named(world: ServingWorld) -> None:
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes(), "green": DeploymentRoutes()}, traffic={})
    no_weight = call(gateway.score_url())
    assert (no_weight.status, no_weight.value["error"]["code"]) == (404, "NoTraffic")
    assert "blue, green" in no_weight.value["error"]["message"]
    no_name = call(gateway.score_url(), headers={"azureml-model-deployment": "red"})
    assert (no_name.status, no_name.value["error"]["code"]) == (404, "DeploymentNotFound")
    no_endpoint = call(gateway.score_url("lung"))
    assert (no_endpoint.status, no_endpoint.value["error"]["code"]) == (404, "EndpointNotFound")
    assert call(f"{gateway.url}/score").value["error"]["code"] == "NotFound"
    assert call(gateway.score_url(), method="PUT").status == 405
    assert call(f"{gateway.url}/healthz", method="GET", key=None).value["status"] == "ok"


def test_the_header_picks_a_deployment_without_traffic(world: ServingWorld) -> None:
    blue, green = world.replica(SLEEPER, NAME="blue"), world.replica(SLEEPER, NAME="green")
    gateway = world.gateway()
    world.publish(
        {"blue": DeploymentRoutes([blue.socket]), "green": DeploymentRoutes([green.socket])},
        traffic={"blue": 100, "green": 0},
    )
    assert call(gateway.score_url(), b"[0]").value == "blue"
    picked = call(gateway.score_url(), b"[0]", headers={"azureml-model-deployment": "green"})
    assert picked.value == "green"


def test_anything_but_200_becomes_424_with_the_body(world: ServingWorld) -> None:
    source = """
        from azureml_inference_server_http.api.aml_request import rawhttp
        from azureml_inference_server_http.api.aml_response import AMLResponse
        def init():
            pass
        @rawhttp
        def run(request):
            return AMLResponse({"seen": request.get_json()}, int(request.args["status"]), json_str=True)
    """
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([world.replica(source).socket])})
    for status in (201, 400, 503):
        answer = call(f"{gateway.score_url()}?status={status}")
        assert answer.status == 424
        assert answer.headers["ms-azureml-model-error-statuscode"] == str(status)
        assert answer.value == {"seen": [1, 2]}
    assert call(f"{gateway.score_url()}?status=200").status == 200


def test_too_many_requests_are_refused_and_the_queue_is_bounded(world: ServingWorld) -> None:
    replica = world.replica(WAITER, NAME="blue")
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket], **PATIENT)})
    answers: list[Answer] = []
    threads = ask_beside(gateway, answers)
    wait_for(beside(replica, "asked").exists)
    threads += ask_beside(gateway, answers)
    wait_for(lambda: gauge(world, "waiting") == 1)
    refused = [call(gateway.score_url())]  # one is scored, one waits
    beside(replica, "go").touch()
    for thread in threads:
        thread.join()
    assert [one.status for one in answers] == [200, 200]

    for name in ("go", "asked"):
        beside(replica, name).unlink()
    world.publish({"blue": DeploymentRoutes([replica.socket], **{**PATIENT, "max_queue_wait_ms": 200})})
    threads = ask_beside(gateway, answers)
    wait_for(beside(replica, "asked").exists)
    refused.append(call(gateway.score_url()))  # its wait ends before the other one does
    beside(replica, "go").touch()
    threads[0].join()
    assert answers[-1].status == 200
    said = [(one.status, one.value["error"]["code"], one.headers["retry-after"]) for one in refused]
    assert said == [(429, "TooManyRequests", "1"), (503, "QueueTimeout", "1")]


def test_a_slow_answer_is_408_and_the_replica_serves_on(world: ServingWorld) -> None:
    gateway = world.gateway()
    replica = world.replica(SLEEPER, NAME="blue")
    world.publish({"blue": DeploymentRoutes([replica.socket], request_timeout_ms=200)})
    started = time.monotonic()
    answer = call(gateway.score_url(), b"[100000]")
    assert (answer.status, answer.value["error"]["code"]) == (408, "RequestTimeout")
    assert time.monotonic() - started < 60
    world.publish({"blue": DeploymentRoutes([replica.socket], **PATIENT)})
    assert call(gateway.score_url(), b"[0]").status == 200
    assert time.monotonic() - started < 90, "it was interrupted, not waited for"


def test_a_replica_that_cannot_be_interrupted_is_reported(world: ServingWorld) -> None:
    source = """
        import hashlib, json
        def init():
            pass
        def run(raw):
            hashlib.pbkdf2_hmac("sha256", b"a", b"b", json.loads(raw)[0])
            return "done"
    """
    gateway = world.gateway()
    replica = world.replica(source)
    world.publish({"blue": DeploymentRoutes([replica.socket], request_timeout_ms=100)})
    assert call(gateway.score_url(), b"[30000000]").status == 408

    def overdue() -> bool:
        state = router.gateway_state(world.home, world.sockets)
        return bool(state and state["deployments"][0]["links"][0]["overdue_s"] > 0.2)

    wait_for(overdue, "the gateway to say that the replica is overdue")
    replica.kill()


def test_a_body_over_the_limit_is_refused_before_it_is_read(world: ServingWorld) -> None:
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes()})
    big = b"x" * (17 << 20)
    assert call(gateway.score_url(), big).status == 413
    parts = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)
    connection.request(
        "POST",
        urlsplit(gateway.score_url()).path,
        iter([big]),
        {"Authorization": f"Bearer {KEY}", "Transfer-Encoding": "chunked"},
        encode_chunked=True,
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_a_killed_replica_loses_no_request_while_another_lives(world: ServingWorld) -> None:
    first, second = world.replica(HOLDER, NAME="first"), world.replica(HOLDER, NAME="second")
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([first.socket, second.socket], **WIDE, **PATIENT)})
    with Load(gateway.score_url(), threads=6, body=b"[5]") as load:
        load.wait_for_more(50)
    assert set(load.bodies) == {b'"first"', b'"second"'}
    answers: list[Answer] = []
    # With nothing else outstanding, each replica gets one of the two.
    threads = ask_beside(gateway, answers, 2, b"[2000]")
    for one in (first, second):
        wait_for(beside(one, "holding").exists)
    with Load(gateway.score_url(), threads=6, body=b"[5]") as later:
        first.kill()
        later.wait_for_more(50)
    for thread in threads:
        thread.join()
    assert set(load.statuses) | set(later.statuses) == {200}
    assert [(one.status, one.value) for one in answers] == [(200, "second")] * 2
    state = router.gateway_state(world.home, world.sockets)
    assert state is not None
    # It died with a request in hand: else the test would prove nothing.
    assert state["deployments"][0]["retried"] == 1
    assert state["deployments"][0]["replicas_lost"] == 1


def test_a_request_that_kills_two_replicas_is_not_tried_on_a_third(world: ServingWorld) -> None:
    source = """
        import os
        def init():
            pass
        def run(raw):
            if raw == "kill":
                os.kill(os.getpid(), 9)
            return "alive"
    """
    replicas = [world.replica(source) for _ in range(3)]
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([one.socket for one in replicas], **WIDE)})
    answer = call(gateway.score_url(), b"kill")
    assert (answer.status, answer.value["error"]["code"]) == (502, "ReplicaLost")
    assert call(gateway.score_url(), b"hello").value == "alive"
    world.publish({"blue": DeploymentRoutes([replicas[2].socket], retry=False)})
    assert call(gateway.score_url(), b"kill").status == 502


def test_replicas_that_never_read_a_request_did_not_die_of_it(world: ServingWorld) -> None:
    replicas = [world.replica(DOUBLE) for _ in range(3)]
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([one.socket for one in replicas], retry=False, **PATIENT)})
    for one in replicas[:2]:
        one.process.send_signal(signal.SIGSTOP)
    answers: list[Answer] = []
    threads = ask_beside(gateway, answers, 3)

    def outstanding() -> int:
        state = router.gateway_state(world.home, world.sockets)
        return sum(one["outstanding"] for one in state["deployments"][0]["links"]) if state else 0

    # Two of them are with replicas that stand still: the third one is answered.
    wait_for(lambda: len(answers) == 1 and outstanding() == 2, "two requests that nobody reads")
    for one in replicas[:2]:
        one.kill()
    for thread in threads:
        thread.join()
    assert [one.status for one in answers] == [200, 200, 200]


def test_without_a_replica_requests_wait_for_one_and_then_give_up(world: ServingWorld) -> None:
    gateway = world.gateway()
    path = world.sockets / "2.sock"
    world.publish({"blue": DeploymentRoutes([path], **PATIENT)})
    answers: list[Answer] = []
    (thread,) = ask_beside(gateway, answers)
    wait_for(lambda: gauge(world, "waiting") == 1)
    world.replica(DOUBLE)
    world.replica(DOUBLE)  # the one whose socket was published
    thread.join()
    assert [one.status for one in answers] == [200]
    world.publish({"blue": DeploymentRoutes([], max_queue_wait_ms=100)})
    answer = call(gateway.score_url())
    assert (answer.status, answer.value["error"]["code"]) == (503, "NoReplica")
    assert answer.headers["retry-after"] == "1"


def test_a_gateway_that_restarts_alone_serves_from_the_file(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket])})
    assert call(gateway.score_url()).status == 200
    gateway.kill()
    again = world.gateway(port=urlsplit(gateway.url).port or 0)
    assert again.url == gateway.url
    assert call(again.score_url()).value == [2, 4]


def test_what_is_published_while_the_gateway_is_down_is_served_later(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    assert world.publish({"blue": DeploymentRoutes([replica.socket])}) is False
    gateway = world.gateway()
    assert call(gateway.score_url()).status == 200


def test_a_table_that_nobody_announced_is_seen(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    gateway = world.gateway()
    (world.sockets / "gateway.sock").rename(world.sockets / "away.sock")
    assert world.publish({"blue": DeploymentRoutes([replica.socket])}) is False
    wait_for(lambda: call(gateway.score_url()).status == 200, "the watch of the file")


def test_a_broken_table_keeps_the_one_in_force(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket])})
    (world.home / "gateway" / "routes.json").write_text("{half")
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "no routing table" in (world.home / "gateway.log").read_text())
    assert call(gateway.score_url()).status == 200


def test_traffic_moves_to_new_replicas_without_a_lost_request(world: ServingWorld) -> None:
    blue = world.replica(SLEEPER, NAME="blue")
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([blue.socket], **WIDE)})
    with Load(gateway.score_url(), threads=6, body=b"[3]") as load:
        load.wait_for_more(50)
        green = world.replica(SLEEPER, NAME="green")
        both = {"blue": DeploymentRoutes([blue.socket], **WIDE), "green": DeploymentRoutes([green.socket], **WIDE)}
        world.publish(both, traffic={"green": 100})
        load.wait_for_more(50)
        world.publish({"green": both["green"]}, traffic={"green": 100})
        assert blue.terminate() == 0
        load.wait_for_more(50)
        # The same deployment with a new replica, the old one told to end while the table still names both.
        newer = world.replica(SLEEPER, NAME="newer")
        world.publish({"green": DeploymentRoutes([green.socket, newer.socket], **WIDE)})
        assert green.terminate() == 0
        load.wait_for_more(50)
    assert set(load.statuses) == {200}
    assert set(load.bodies) == {b'"blue"', b'"green"', b'"newer"'}


def test_mirrored_requests_reach_the_other_deployment_and_their_answers_nobody(world: ServingWorld) -> None:
    blue, green = world.replica(SLEEPER, NAME="blue"), world.replica(SLEEPER, NAME="green")
    gateway = world.gateway()
    world.publish(
        {"blue": DeploymentRoutes([blue.socket]), "green": DeploymentRoutes([green.socket], **WIDE)},
        traffic={"blue": 100},
        mirror={"green": 50},
    )
    answers = {call(gateway.score_url(), b"[0]").value for _ in range(60)}
    assert answers == {"blue"}
    state = router.gateway_state(world.home, world.sockets)
    assert state is not None
    mirrored = {one["deployment"]: one["mirrored"] for one in state["deployments"]}
    assert 10 < mirrored["green"] < 50
    wait_for(beside(green, "asked").exists)  # nobody waits for the mirror's answers


def test_get_options_and_swagger_are_passed_on(world: ServingWorld) -> None:
    source = "import json\ndef init():\n    pass\ndef run(raw):\n    return json.loads(raw)\n"
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([world.replica(source, SERVICE_NAME="heart").socket])})
    assert call(f"{gateway.score_url()}?a=1&b=x", method="GET").value == {"a": 1, "b": "x"}
    assert call(gateway.score_url(), method="OPTIONS").status == 200
    swagger = gateway.score_url().removesuffix("score") + "swagger.json"
    assert call(swagger, method="GET").value["swagger"] == "2.0"
    assert call(f"{swagger}?version=3", method="GET").value["info"]["title"] == "heart"
    assert call(swagger, method="GET", key=None).status == 401


def test_a_stream_reaches_the_client_while_it_is_made(world: ServingWorld) -> None:
    source = """
        import pathlib, time
        from azureml.contrib.services.aml_request import rawhttp
        from azureml.contrib.services.aml_response import AMLResponse
        def init():
            pass
        @rawhttp
        def run(request):
            def parts():
                yield "first "
                while not pathlib.Path("go").exists():
                    time.sleep(0.01)
                yield "second"
            return AMLResponse(parts(), 200)
    """
    replica = world.replica(source)
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket])})
    parts = urlsplit(gateway.score_url())
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)
    connection.request("POST", parts.path, b"", {"Authorization": f"Bearer {KEY}"})
    answer = connection.getresponse()
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.read(6) == b"first "
    (replica.folder.parent / "code" / "go").touch()
    assert answer.read() == b"second"
    connection.close()


def test_metrics_count_what_happened(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket])})
    for body in (b"[1]", b"[2]", b"nonsense"):
        call(gateway.score_url(), body)
    call(gateway.score_url(), key="wrong")
    text = call(f"{gateway.url}/metrics", method="GET", key=None).body.decode()
    labels = 'workspace="default",endpoint="heart",deployment="blue"'
    assert f'bancada_requests_total{{{labels},code="200"}} 2' in text
    assert f'bancada_requests_total{{{labels},code="424"}} 1' in text
    assert f"bancada_request_seconds_count{{{labels}}} 3" in text
    assert f"bancada_replicas{{{labels}}} 1" in text
    assert 'bancada_refused_total{code="401"} 1' in text
    rebound = call(f"{gateway.url}/metrics", method="GET", key=None, headers={"Host": "evil.example:7281"})
    assert rebound.status == 403


def test_metrics_ask_for_the_owners_token_when_the_server_published_it(world: ServingWorld) -> None:
    gateway = world.gateway()
    router.publish(world.home, world.sockets, router.build_table({}, owner_hash=token_hash("owner")))
    assert call(f"{gateway.url}/metrics", method="GET", key=None).status == 401
    assert call(f"{gateway.url}/metrics", method="GET", key="owner").status == 200


def takes_connections(gateway: Gateway) -> bool:
    """Tell whether the gateway listens."""
    parts = urlsplit(gateway.url)
    try:
        socket.create_connection((str(parts.hostname), parts.port)).close()
    except OSError:
        return False
    return True


def test_sigterm_answers_what_is_open_and_takes_nothing_new(world: ServingWorld) -> None:
    replica = world.replica(WAITER, NAME="blue")
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket], **PATIENT)})
    answers: list[Answer] = []
    (thread,) = ask_beside(gateway, answers)
    wait_for(beside(replica, "asked").exists)
    gateway.process.terminate()
    wait_for(lambda: not takes_connections(gateway), "the gateway to have seen the signal")
    beside(replica, "go").touch()
    thread.join()
    assert [one.status for one in answers] == [200]
    assert answers[0].headers["connection"] == "close"
    assert gateway.process.wait(PATIENCE_S) == 0


def test_one_home_has_one_gateway_and_a_port_one_owner(world: ServingWorld, tmp_path: Path) -> None:
    gateway = world.gateway()
    with pytest.raises(AssertionError, match="Another gateway serves the home"):
        world.gateway()
    other = ServingWorld(tmp_path / "other")
    try:
        with pytest.raises(AssertionError, match="is in use"):
            other.gateway(port=urlsplit(gateway.url).port or 0)
    finally:
        other.close()


def test_a_client_that_goes_away_leaves_nothing_behind(world: ServingWorld) -> None:
    replica = world.replica(WAITER, NAME="blue")
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket], **WIDE, **PATIENT)})
    parts = urlsplit(gateway.score_url())
    for _ in range(5):
        with socket.create_connection((str(parts.hostname), parts.port)) as peer:
            head = f"POST {parts.path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n"
            peer.sendall(f"{head}Content-Length: 5\r\n\r\n[100]".encode())
            wait_for(lambda: gauge(world, "in_flight") > 0)
        wait_for(lambda: gauge(world, "in_flight") == 0, "the one whose client is gone to be forgotten")
    beside(replica, "go").touch()
    assert call(gateway.score_url(), b"[0]").status == 200


def test_requests_one_behind_the_other_are_answered_in_order(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE)
    gateway = world.gateway()
    world.publish({"blue": DeploymentRoutes([replica.socket], **WIDE)})
    parts = urlsplit(gateway.score_url())
    requests = b""
    for number in range(50):
        body = json.dumps([number]).encode()
        key = "wrong" if number % 10 == 9 else KEY
        head = f"POST {parts.path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
        requests += f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with socket.create_connection((str(parts.hostname), parts.port)) as peer:
        peer.sendall(requests)
        stream = peer.makefile("rb")
        for number in range(50):
            status = int(stream.readline().split()[1])
            fields = http.client.parse_headers(stream)
            body = json.loads(stream.read(int(fields["content-length"])))
            if number % 10 == 9:
                assert status == 401
            else:
                assert (status, body) == (200, [2 * number])


def test_the_gateway_imports_neither_database_nor_pydantic(world: ServingWorld) -> None:
    gateway = world.gateway()
    maps = Path(f"/proc/{gateway.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    text = maps.read_text()
    assert "pydantic" not in text
    assert "sqlite" not in text
    assert os.path.basename(gateway.home) == "home"
