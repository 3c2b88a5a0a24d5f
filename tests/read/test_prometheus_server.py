"""Servers that answer late, wrongly or not at all: each is a stated gap, and never an exception."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.prometheus import serve
from tests.read.samples import DAY_S, ENDED_AT_S, HOUR_S, Samples, quiet, read
from trimtab.config import ClusterSettings, Prometheus
from trimtab.facts import ClusterFacts
from trimtab.read.prometheus import read_cluster

Answer = tuple[int, str, bytes]
POD = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-xbbzw", "model_name": "m"}


class Request:
    """One request as it came in."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        """Read everything."""
        self.method, self.path = handler.command, handler.path
        self.headers = dict(handler.headers)
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))


@contextmanager
def answering(answer: Callable[[Request], Answer | None]) -> Iterator[str]:
    """Serve what a function says; where it says nothing, hang up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            said = answer(Request(self))
            if said is None:
                self.close_connection = True
                return
            status, kind, body = said
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is the library's

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def facts_of(url: str, now_s: int = ENDED_AT_S, **settings: object) -> ClusterFacts:
    """Return the facts of a server."""
    prometheus = Prometheus.model_validate({"url": url, **settings})
    return read_cluster(ClusterSettings(name="eu", prometheus=prometheus), now_s, DAY_S, quiet)


def forwarded(url: str, request: Request) -> Answer:
    """Return what a real Prometheus answers to a request."""
    headers = {name: request.headers[name] for name in ("Content-Type",) if name in request.headers}
    answer = requests.request(request.method, url + request.path, data=request.body, headers=headers, timeout=60)
    return answer.status_code, "application/json", answer.content


def small() -> Samples:
    """Return one engine's gauges."""
    return Samples().add("vllm:num_requests_running", 4, **POD).add("vllm:num_requests_waiting", 0, **POD)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, "text/html", b"<html>Please sign in</html>"), "not JSON"),
        ((200, "application/json", b"[]"), "in a form that Prometheus does not have"),
        ((401, "text/plain", b"no"), "token_env"),
        ((403, "text/plain", b"no"), "token_env"),
        ((404, "text/plain", b"no"), "not the base of a Prometheus API"),
        ((500, "text/plain", b"no"), "answered 500"),
        ((503, "text/plain", b"no"), "answered 503"),
        ((200, "application/json", b'{"status":"success","data":[]}'), "holds no metrics"),
        (None, "cannot be reached"),
    ],
)
def test_a_server_that_gives_nothing_usable_is_a_blind_gap(answer: Answer | None, reason: str) -> None:
    """Login pages, refusals and empty servers end in one gap whose reason a person can act on."""
    with answering(lambda _: answer) as url:
        facts = facts_of(url)
    assert facts.series == ()
    (gap,) = facts.gaps
    assert gap.blind
    assert reason in gap.reason


def test_a_server_that_is_not_there_is_a_blind_gap() -> None:
    """A refused connection is said with what to look at."""
    with answering(lambda _: None) as url:
        pass
    (gap,) = facts_of(url).gaps
    assert gap.blind
    assert "refuses connections" in gap.reason


def test_an_unknown_host_is_a_blind_gap() -> None:
    """A name that cannot exist is said to be one."""
    (gap,) = facts_of("http://prometheus.invalid:9090").gaps
    assert gap.blind
    assert "prometheus.invalid" in gap.reason


def test_without_an_address_only_manifests_are_judged() -> None:
    """A cluster without a server has a gap that says so."""
    facts = read_cluster(ClusterSettings(name="eu"), ENDED_AT_S, DAY_S, quiet)
    assert [gap.blind for gap in facts.gaps] == [True]


def test_a_token_goes_into_the_header_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bearer token is sent with every request; neither addresses nor reasons hold it."""
    monkeypatch.setenv("METRICS_TOKEN", "s3cret")
    seen: list[Request] = []

    def refuse(request: Request) -> Answer:
        seen.append(request)
        return 403, "text/plain", b"s3cret is not welcome"

    with answering(refuse) as url:
        facts = facts_of(url, token_env="METRICS_TOKEN")  # noqa: S106 - the name of a variable
    assert {request.headers["Authorization"] for request in seen} == {"Bearer s3cret"}
    assert "s3cret" not in repr(facts) + "".join(request.path for request in seen)


def test_an_empty_token_variable_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing secret is named by its variable, and the server is not asked without it."""
    monkeypatch.delenv("METRICS_TOKEN", raising=False)
    (gap,) = facts_of("http://127.0.0.1:9", token_env="METRICS_TOKEN").gaps  # noqa: S106 - the name of a variable
    assert "METRICS_TOKEN" in gap.reason


def test_queries_are_sent_in_the_body_of_a_post() -> None:
    """No proxy's limit on addresses is met: queries go into the form, and the address stays short."""
    seen: list[Request] = []
    with serve(small().text()) as real:

        def watch(request: Request) -> Answer:
            seen.append(request)
            return forwarded(real, request)

        with answering(watch) as url:
            facts = facts_of(url)
    asked = [request for request in seen if "/query" in request.path]
    assert {request.method for request in asked} == {"POST"}
    assert all("?" not in request.path and request.body.startswith(b"query=") for request in asked)
    assert any(series.signal == "running_max" for series in facts.series)


def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    """A passing 503 costs an attempt, not the cluster."""
    seen: set[bytes] = set()
    with serve(small().text()) as real:

        def busy_at_first(request: Request) -> Answer:
            key = request.path.encode() + request.body
            if key not in seen:
                seen.add(key)
                return 503, "text/plain", b"busy"
            return forwarded(real, request)

        with answering(busy_at_first) as url:
            facts = facts_of(url)
    assert [gap.what for gap in facts.gaps if gap.blind] == []
    assert any(series.signal == "running_max" for series in facts.series)


def test_one_query_that_fails_leaves_the_others() -> None:
    """A query that the server refuses is a gap of its own signal, with the server's own words."""
    with serve(small().text()) as real:

        def too_much(request: Request) -> Answer:
            if b"num_requests_waiting" in request.body and b"max_over_time" in request.body:
                error = (
                    b'{"status":"error","errorType":"execution","error":"query processing would load too many samples"}'
                )
                return 422, "application/json", error
            return forwarded(real, request)

        with answering(too_much) as url:
            facts = facts_of(url)
    failed = {gap.what: gap for gap in facts.gaps if "too many samples" in gap.reason}
    assert set(failed) == {"waiting_max", "waiting_hourly"}
    assert not any(gap.blind for gap in failed.values())
    signals = {series.signal for series in facts.series}
    assert {"running_max", "waiting_p95"} <= signals
    assert "waiting_max" not in signals


def test_what_a_server_doubts_is_a_gap() -> None:
    """Thanos answers without the stores that it could not ask, and says so: the facts are kept, and so is the doubt."""
    with serve(small().text()) as real:

        def partial(request: Request) -> Answer:
            status, kind, body = forwarded(real, request)
            said = rb',"warnings":["store \"eu-1\" is down","PromQL info: metric might not be a counter"]}'
            return status, kind, body.strip().removesuffix(b"}") + said

        with answering(partial) as url:
            facts = facts_of(url)
    doubts = [gap for gap in facts.gaps if gap.what == "prometheus"]
    assert [gap.reason for gap in doubts] == ['it doubts its answers: store "eu-1" is down']
    assert not doubts[0].blind
    assert any(series.signal == "running_max" for series in facts.series)


def test_a_server_that_dies_on_the_way_is_a_blind_gap() -> None:
    """What was read before the connection broke is not judged as if it were all."""
    count = 0
    with serve(small().text()) as real:

        def dying(request: Request) -> Answer | None:
            nonlocal count
            count += 1
            return forwarded(real, request) if count < 8 else None

        with answering(dying) as url:
            facts = facts_of(url)
    assert facts.series == ()
    assert [gap.blind for gap in facts.gaps] == [True]


def test_a_server_that_lists_no_names_is_asked_for_every_name() -> None:
    """A proxy that allows queries alone still gives all facts."""
    with serve(small().text()) as real:

        def queries_only(request: Request) -> Answer:
            if "/query" in request.path:
                return forwarded(real, request)
            return 400, "application/json", b'{"status":"error","error":"not allowed"}'

        with answering(queries_only) as url:
            facts = facts_of(url)
    figures = {series.signal: series.values[-1] for series in facts.series}
    assert figures["running_max"] == 4
    assert figures["waiting_max"] == 0


def test_a_late_answer_is_a_gap_and_the_server_is_given_up_in_the_end() -> None:
    """Queries that run into the timeout do not hold up a run for ever."""
    release = threading.Event()
    with serve(small().text()) as real:

        def slow(request: Request) -> Answer | None:
            if b"vllm%3Anum_requests" in request.body and b"%5B1d%5D" in request.body:
                release.wait(30)
                return None
            return forwarded(real, request)

        with answering(slow) as url:
            facts = facts_of(url, timeout=0.3)
            release.set()
    assert [gap.blind for gap in facts.gaps] == [True]
    assert "given up" in facts.gaps[0].reason


def test_the_window_ends_at_the_newest_sample_where_scraping_stopped() -> None:
    """Five hours without samples move the window back and are said; the figures are those of then."""
    answer = read(small(), now_s=ENDED_AT_S + 5 * HOUR_S)
    assert answer.facts.ended_at_s == ENDED_AT_S
    (gap,) = [gap for gap in answer.facts.gaps if gap.what == "prometheus"]
    assert not gap.blind
    assert "5 hours old" in gap.reason
    assert answer.figure("running_max") == 4


def test_an_exporter_that_fell_silent_is_said() -> None:
    """The window ends with what kube-state-metrics shows; engines that stopped before are a gap of their own."""
    samples = Samples().add("kube_pod_info", 1, **POD, node="a")
    samples.add("vllm:num_requests_running", 4, (-24, -5), **POD)
    facts = read(samples).facts
    assert facts.ended_at_s == ENDED_AT_S
    assert [gap.reason for gap in facts.gaps if gap.what == "inference engine"] == [
        "its newest sample is 5 hours older than the window's end"
    ]


def test_a_slow_scrape_is_recent_enough() -> None:
    """What one exporter shows every ten minutes is there now beside one that is asked every minute."""
    fast = Samples(60).add("vllm:num_requests_running", 4, (-2, 0), **POD)
    slow = Samples(600).add("kube_pod_info", 1, (-2, -0.1), **POD, node="a")
    text = slow.text().replace("# EOF\n", "") + fast.text()
    with serve(text) as url:
        facts = facts_of(url)
    assert "pod_now" in {series.signal for series in facts.series}


def test_samples_of_the_last_hour_are_fresh() -> None:
    """A slow scrape is no gap: the window ends now, and what was last seen is what there is now."""
    answer = read(small().add("kube_pod_info", 1, **POD, node="a"), now_s=ENDED_AT_S + 50 * 60)
    assert answer.facts.ended_at_s == ENDED_AT_S + 50 * 60
    assert [gap for gap in answer.facts.gaps if gap.what == "prometheus"] == []
    assert list(answer.rows("pod_now")) == ["namespace=llm node=a pod=chat-7c9d8f6b5d-xbbzw"]


def test_a_server_without_samples_of_the_last_day_is_a_blind_gap() -> None:
    """Last week's samples say nothing of today."""
    answer = read(small(), now_s=ENDED_AT_S + 2 * DAY_S)
    assert [gap.blind for gap in answer.facts.gaps] == [True]
    assert "more than a day old" in answer.facts.gaps[0].reason


def test_missing_exporters_are_gaps_that_say_what_is_unknown() -> None:
    """A server with engines alone says that GPUs, pods and hosts are not known."""
    gaps = {gap.what: gap for gap in read(small()).facts.gaps}
    assert set(gaps) == {"kube-state-metrics", "dcgm-exporter", "cAdvisor", "node-exporter"}
    assert not any(gap.blind for gap in gaps.values())


def test_the_number_of_queries_does_not_grow_with_workloads() -> None:
    """Three workloads and thirty are read with the same queries."""

    def asked(workloads: int) -> int:
        count = 0
        samples = Samples(3600)
        for index in range(workloads):
            pod = {"namespace": "llm", "pod": f"w{index}-7c9d8f6b5d-xbbzw", "model_name": "m"}
            samples.add("vllm:num_requests_running", 1, **pod).add(
                "DCGM_FI_DEV_GPU_UTIL", 5, UUID=f"GPU-{index}", **pod
            )
        with serve(samples.text()) as real:

            def watch(request: Request) -> Answer:
                nonlocal count
                count += 1
                return forwarded(real, request)

            with answering(watch) as url:
                facts_of(url)
        return count

    assert asked(3) == asked(30)


def test_the_same_samples_give_the_same_facts() -> None:
    """Nothing depends on the order in which answers come."""
    with serve(small().text()) as url:
        assert facts_of(url) == facts_of(url)


@pytest.mark.parametrize("matchers", ["", 'cluster="eu"'])
def test_a_server_of_several_clusters_is_read_one_at_a_time(matchers: str) -> None:
    """Two clusters with the same names would run together; without a matcher the gap says which there are."""
    samples = Samples().add("kube_pod_info", 1, **POD, cluster="eu").add("kube_pod_info", 1, **POD, cluster="us")
    gaps = [gap for gap in read(samples, matchers=matchers).facts.gaps if gap.blind]
    assert [gap.reason for gap in gaps] == (
        [] if matchers else ['it holds 2 clusters (eu, us); say which with `matchers: cluster="eu"`']
    )
