from __future__ import annotations

import pytest

from trimtab.cli.init_prometheus import suggest_prometheus
from trimtab.manifest import Tree


def urls(text: str) -> list[str]:
    """Return what one file makes us suggest."""
    return [one.url for one in suggest_prometheus(Tree({"monitoring/a.yaml": text.encode()}))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s, namespace: mon}\n",
            ["http://prometheus-operated.mon:9090"],
        ),
        (
            (
                "apiVersion: v1\nkind: Service\nmetadata: {name: prometheus-k8s, namespace: mon}\n"
                "spec: {ports: [{name: reloader-web, port: 8080}, {name: web, port: 9090}]}\n"
            ),
            ["http://prometheus-k8s.mon:9090"],
        ),
        (
            (
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: prometheus}\n"
                "spec: {source: {chart: kube-prometheus-stack}, destination: {namespace: mon}}\n"
            ),
            ["http://prometheus-operated.mon:9090"],
        ),
        (
            (
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: stack}\n"
                "spec: {sources: [{chart: prometheus, helm: {releaseName: metrics}}], destination: {namespace: mon}}\n"
            ),
            ["http://metrics-prometheus-server.mon:80"],
        ),
        (
            (
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
                "metadata: {name: prometheus, namespace: mon}\n"
                "spec: {chart: {spec: {chart: prometheus}}}\n"
            ),
            ["http://prometheus-server.mon:80"],
        ),
        (
            (
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: metrics}\nspec:\n  rules:\n"
                "    - host: metrics.example.com\n      http:\n        paths:\n"
                "          - backend: {service: {name: prometheus-k8s}}\n"
                "    - host: other.example.com\n      http: {paths: [{backend: {service: {name: shop}}}]}\n"
            ),
            ["https://metrics.example.com"],
        ),
    ],
)
def test_manifests_tell_of_a_prometheus(text: str, expected: list[str]) -> None:
    """Each usual way to declare a Prometheus gives the address that it has then."""
    assert urls(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "kind: Service\nmetadata: {name: prometheus-operator}\nspec: {ports: [{name: http, port: 8080}]}\n",
        "kind: Service\nmetadata: {name: prometheus-node-exporter}\nspec: {ports: [{name: http, port: 9100}]}\n",
        "kind: Service\nmetadata: {name: prometheus}\nspec: {ports: {name: web, port: 9090}}\n",
        "kind: Service\nmetadata: [prometheus]\nspec: prometheus\n",
        "kind: ConfigMap\nmetadata: {name: prometheus}\n",
        "kind: {{ prometheus }}\n",
        "- prometheus\n",
    ],
)
def test_what_only_sounds_like_one_is_none(text: str) -> None:
    """Exporters, operators and objects of another form suggest nothing."""
    assert urls(text) == []


def test_names_cannot_write_addresses_or_lines() -> None:
    """A namespace that is none is left open, and the reason stays on one line."""
    names = '{name: "a\\nmode: propose", namespace: "x/y"}'
    text = f"apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {names}\n"

    (found,) = suggest_prometheus(Tree({"a.yaml": text.encode()}))

    assert found.url == "http://prometheus-operated.NAMESPACE:9090"
    assert "\n" not in found.why
