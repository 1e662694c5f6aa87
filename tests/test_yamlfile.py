"""Environments and compose files: what they say, and exactly where."""

from __future__ import annotations

import pytest

from canfar_lint.model.yamlfile import Setting, dependencies, services
from canfar_lint.source import YAML, Source

COMPOSE = """\
x-common: &common
  environment: {OMP_NUM_THREADS: "8", LANG: C}
services:
  reduce:
    <<: *common
    image: images.canfar.net/m31/reduce:1.0
    build:
      context: ./images/reduce
      dockerfile: Dockerfile.gpu
      target: run
    cpus: 4
  plot:
    build: plot
    environment:
      - MKL_NUM_THREADS=2
      - 'NUMBA_NUM_THREADS=3'  # é
      - HOME
    deploy: {resources: {limits: {cpus: '2.5'}}}
  base:
    image: debian:12
"""


def source(text: str) -> Source:
    return Source("compose.yml", YAML, text)


def shown(text: str, setting: Setting | None) -> str:
    return text[setting.start : setting.end] if setting is not None else ""


def test_services_with_their_builds() -> None:
    found = list(services(source(COMPOSE)))
    assert [(s.name, s.image, s.context, s.dockerfile, s.target) for s in found] == [
        ("reduce", "images.canfar.net/m31/reduce:1.0", "./images/reduce", "Dockerfile.gpu", "run"),
        ("plot", "", "plot", "", ""),
        ("base", "debian:12", "", "", ""),
    ]
    assert [COMPOSE[s.start : s.end] for s in found] == ["reduce", "plot", "base"]


def test_environments_of_services_stand_where_they_are_written() -> None:
    reduce, plot, base = services(source(COMPOSE))
    assert [(s.name, s.value, shown(COMPOSE, s)) for s in (*reduce.environment, *plot.environment)] == [
        ("OMP_NUM_THREADS", "8", 'OMP_NUM_THREADS: "8"'),
        ("LANG", "C", "LANG: C"),
        ("MKL_NUM_THREADS", "2", "MKL_NUM_THREADS=2"),
        ("NUMBA_NUM_THREADS", "3", "NUMBA_NUM_THREADS=3"),
    ]
    assert [shown(COMPOSE, s.cpus) for s in (reduce, plot, base)] == ["4", "2.5", ""]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_dependencies_stand_where_they_are_written(newline: str) -> None:
    text = """\
# é
name: m31
dependencies:
  - python=3.12
  - "conda-forge::casacore"
  - pip:
      - photutils[all]
      - git+https://git.example/x.git@main  # a branch
  - numpy
""".replace("\n", newline)
    found = list(dependencies(source(text)))
    assert [(d.text, d.manager) for d in found] == [
        ("python=3.12", "conda"),
        ("conda-forge::casacore", "conda"),
        ("photutils[all]", "pip"),
        ("git+https://git.example/x.git@main", "pip"),
        ("numpy", "conda"),
    ]
    assert [text[d.start : d.end] for d in found] == [d.text for d in found]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "services: [a]\ndependencies: {a: b}\n",
        "services: {a: b, c: [d]}\n",
        "a: [\n",
        "a: !!python/object/apply:os.system [x]\n",
        "a: b\n---\nservices: {}\n",
        "dependencies: &a [{pip: *a}, *a]\n",
        "services: &a {b: *a}\n",
        "services: {a: &x {<<: *x}}\n",
        "dependencies: " + "[" * 5000,
        "dependencies: [{pip: null}, null, {}, {a: b}]\n",
        "? [a]\n: b\n",
        "\t a",
        "\x00",
    ],
)
def test_anything_else_gives_nothing(text: str) -> None:
    assert not list(dependencies(source(text)))
    assert all(not s.environment and not s.image and s.cpus is None for s in services(source(text)))
