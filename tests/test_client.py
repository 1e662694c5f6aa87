"""What we say of a request is what the real client does with it: the same forms given to both, without a network.

Needs the dependency group `client`; CI installs it.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("canfar.sessions", reason="the group `client` is not installed", exc_type=ImportError)

import canfar.cli.main
import canfar.client
from canfar.models.session import CreateRequest
from canfar.sessions import AsyncSession, Session
from typer.testing import CliRunner

from canfar_lint.engine.file import lint_bytes
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import COMMAND_LINE, MODEL, Request
from canfar_lint.model.request.command_line import command_requests
from canfar_lint.model.request.python import requests
from canfar_lint.model.shell import parse
from canfar_lint.settings import Layer, Resolver
from canfar_lint.source import PYTHON, SHELL, Source

IMAGE = '"images.canfar.net/survey/fit:1"'
PLAIN = f'name="fit", image={IMAGE}'
Sent = list[tuple[str, Any]]


class Form(NamedTuple):
    """A way to write a request, and who refuses it: nobody, the `client`, or the `server` (which is not here)."""

    code: str
    refused_by: str = ""


def of_session(arguments: str, refused_by: str = "") -> Form:
    return Form(f"Session().create({arguments})", refused_by)


def of_model(arguments: str, refused_by: str = "") -> Form:
    return Form(f"Session().create(CreateRequest({arguments}))", refused_by)


FORMS = [
    of_session(PLAIN),
    of_session(f'"fit", {IMAGE}'),
    of_session(f'"fit", {IMAGE}, 4, 16'),
    of_session(f'"fit", {IMAGE}, 4, 16, "notebook"'),
    of_session(f'"fit", {IMAGE}, 4, 16, "headless", 1, "python", "/arc/fit.py -v", {{"A": "1"}}, 3'),
    of_session(f'{PLAIN}, cmd="fit"'),
    of_session(f'{PLAIN}, cmd="fit", args="--all /arc/in"'),
    of_session(f"{PLAIN}, cores=4, ram=16"),
    of_session(f'{PLAIN}, cores="4", ram="16"'),
    of_session(f"{PLAIN}, cores=4.0, ram=16.0"),
    of_session(f'{PLAIN}, cores="4.0"'),
    of_session(f"{PLAIN}, cores=4.5", "client"),
    of_session(f'{PLAIN}, cores="four"', "client"),
    of_session(f'{PLAIN}, ram="16G"', "client"),
    of_session(f"{PLAIN}, ram=1.5", "client"),
    of_session(f"{PLAIN}, cores=0", "client"),
    of_session(f"{PLAIN}, cores=256"),
    of_session(f"{PLAIN}, cores=257", "client"),
    of_session(f"{PLAIN}, ram=513", "client"),
    of_session(f"{PLAIN}, cores=None, ram=None, gpu=None, cmd=None, args=None, env=None"),
    of_session(f"{PLAIN}, cores=True"),
    of_session(f"{PLAIN}, gpu=1"),
    of_session(f"{PLAIN}, gpu=28"),
    of_session(f"{PLAIN}, gpu=29", "client"),
    of_session(f"{PLAIN}, gpus=1", "client"),
    of_session(f"{PLAIN}, memory=4", "client"),
    of_session(f"{PLAIN}, replicas=3"),
    of_session(f"{PLAIN}, replicas=256"),
    of_session(f"{PLAIN}, replicas=257", "client"),
    of_session(f"{PLAIN}, replicas=0", "client"),
    of_session(f"{PLAIN}, replicas=None", "client"),
    of_session(f'{PLAIN}, env={{"A": "1", "B": 2, "C": True}}'),
    of_session(f'{PLAIN}, env={{"REPLICA_ID": "9"}}, replicas=2'),
    of_session(f'{PLAIN}, env={{"A": None}}'),
    of_session(f'{PLAIN}, env=dict(A="1", B="x")'),
    of_session(f'{PLAIN}, env={{"A": "1", **{{"B": "2"}}}}'),
    of_session(f'{PLAIN}, env=["A=1"]', "client"),
    of_session(f'{PLAIN}, env="A=1"', "client"),
    of_session(f'{PLAIN}, args=["-v"]', "client"),
    of_session(f'{PLAIN}, cmd=["fit"]', "client"),
    of_session(f'{PLAIN}, args=Path("/arc") / "x"', "client"),
    of_session(f"name=7, image={IMAGE}", "client"),
    of_session('name="fit"', "client"),
    of_session(f"image={IMAGE}", "client"),
    of_session('name="fit", image=None', "client"),
    of_session('"fit", "survey/fit"'),
    of_session('"fit", "survey/fit:2"'),
    of_session('"fit", "images.canfar.net/survey/fit"'),
    of_session('"fit", "survey/fit@sha256:ab"'),
    of_session('"fit", "fit"', "client"),
    of_session('"fit", "images.canfar.net/a/b/c:1"', "client"),
    of_session('"fit", "docker.io/a/b:1"', "server"),
    of_session('"fit", "ghcr.io/b:1"', "server"),
    of_session('"fit", "a//b"', "server"),
    of_session(f'"fit 1", {IMAGE}', "server"),
    of_session(f'"-fit", {IMAGE}', "server"),
    of_session(f'"", {IMAGE}', "server"),
    of_session(f'"{"f" * 64}", {IMAGE}', "server"),
    of_session(f'"{"f" * 62}", {IMAGE}, replicas=10', "server"),
    of_session(f'{PLAIN}, kind="notebook"'),
    of_session(f'{PLAIN}, kind="contributed", cores=2, ram=8'),
    of_session(f'{PLAIN}, kind="carta"'),
    of_session(f'{PLAIN}, kind="desktop-app"'),
    of_session(f'{PLAIN}, kind="batch"', "client"),
    of_session(f'{PLAIN}, kind="Headless"', "client"),
    of_session(f"{PLAIN}, kind=None", "client"),
    of_session(f'{PLAIN}, kind="notebook", cmd="fit"', "client"),
    of_session(f'{PLAIN}, kind="notebook", env={{"A": "1"}}', "client"),
    of_session(f'{PLAIN}, kind="notebook", cmd="", args=None, env={{}}'),
    of_session(f'{PLAIN}, kind="desktop", cores=2, ram=4'),
    of_session(f'{PLAIN}, kind="desktop", replicas=2', "client"),
    of_session(f'{PLAIN}, kind="firefly", replicas=2', "client"),
    of_session(f'{PLAIN}, kind="firefly", replicas=1'),
    of_session(f'{PLAIN}, errors="raise"'),
    of_session(f'**{{"name": "fit", "image": {IMAGE}, "cores": 2}}'),
    of_session(f'**dict({PLAIN}, ram=8), cmd="fit"'),
    Form(f'spec = {{"name": "fit", "image": {IMAGE}}}\nspec["cores"] = 2\nSession().create(**spec)'),
    Form(f'n = 2\nname = "fit"\nSession().create(name=name + "-a", image={IMAGE}, cores=n * 2)'),
    Form(f'night = "m31"\nSession().create(f"fit-{{night}}", {IMAGE}, args=f"--night {{night}}", cmd="fit")'),
    Form(f"with Session() as client:\n    client.create({PLAIN})"),
    Form(f"client = Session()\nfor i in range(1):\n    client.create({PLAIN}, cores=2)"),
    Form(f"async def f():\n    async with AsyncSession() as s:\n        await s.create({PLAIN}, replicas=2)\nrun(f())"),
    Form(f"async def main():\n    s = AsyncSession()\n    return await s.create({PLAIN}, cores=2, ram=8)\nrun(main())"),
    of_model(f'{PLAIN}, kind="headless"'),
    of_model(f'{PLAIN}, kind="headless", gpus=2, replicas=2'),
    of_model(f'{PLAIN}, kind="headless", gpu=2'),
    of_model(PLAIN, "client"),
    of_model(f'{PLAIN}, kind="headless", cores=300', "client"),
    of_model(f'{PLAIN}, kind="job"', "client"),
    of_model(f'"fit", {IMAGE}', "client"),
    Form(f'r = CreateRequest({PLAIN}, kind="headless")\nSession().create(r, replicas=3, cmd="x", errors="raise")'),
    Form(f'r = CreateRequest({PLAIN}, kind="notebook", ram=8)\nSession().create(name=r)'),
    of_session(f"{PLAIN}, cores=-1", "client"),
    of_session(f"{PLAIN}, cores='0x4'", "client"),
    of_session(f"{PLAIN}, cores=' 4 '"),
    of_session(f"{PLAIN}, ram=512, cores=1"),
    of_session(f"{PLAIN}, ram=0", "client"),
    of_session(f"{PLAIN}, gpu=0", "client"),
    of_session(f'{PLAIN}, args="--all"'),
    of_session(f'{PLAIN}, args=("-v",)', "client"),
    of_session(f"{PLAIN}, args=5", "client"),
    of_session(f"{PLAIN}, cmd=True", "client"),
    of_session(f'{PLAIN}, env={{"A": 1.5, "B": ""}}'),
    of_session(f"{PLAIN}, env={{}}"),
    of_session('"fit", "custom/image:latest"'),
    of_session('"fit", "/a/b"', "server"),
    of_session('"fit", ""', "client"),
    of_session(f'"fit.1", {IMAGE}', "server"),
    of_session(f'"fit-", {IMAGE}', "server"),
    of_session(f'"F1T", {IMAGE}'),
    of_session(f'{PLAIN}, kind="firefly", cores=8, ram=16'),
    of_session(f'{PLAIN}, kind="carta", args="-v"', "client"),
    of_session(f'{PLAIN}, kind=""', "client"),
    of_session(f"*['fit', {IMAGE}], cores=2"),
    of_session(f'"fit", {IMAGE}, None, None, "headless", None, "fit"'),
    Form(f"client = Session()\nmake = client.create\nmake({PLAIN}, cores=2)"),
    Form(f"with Session() as one, Session() as two:\n    two.create({PLAIN}, ram=8)"),
    Form(f"import canfar.sessions as cs\ncs.Session().create({PLAIN}, gpu=2)"),
    Form(f"from canfar import sessions\nsessions.Session().create({PLAIN}, replicas=2)"),
    Form(f"S = Session\nS().create({PLAIN}, cores=8)"),
    Form(
        f"class Runner:\n    def __init__(self):\n        self.session = Session()\n"
        f"    def go(self):\n        return self.session.create({PLAIN}, cores=2)\nRunner().go()"
    ),
    Form(f"base = dict({PLAIN})\nSession().create(**{{**base, 'cores': 4}}, ram=16)"),
    Form(f"base = {{'name': 'fit', 'image': {IMAGE}}}\nSession().create(**(base | {{'cmd': 'fit'}}))"),
    Form(f"if (ids := Session().create({PLAIN}, cmd='fit')):\n    print(ids)"),
    Form(
        f"async def f():\n    s = AsyncSession()\n    await s.create(CreateRequest({PLAIN}, kind='headless'))\nrun(f())"
    ),
    of_model(f'**{{"name": "fit", "image": {IMAGE}, "kind": "headless"}}'),
    of_model(f'{PLAIN}, kind="headless", replicas=256, cmd="python", args="script.py --verbose", env={{"VAR": "v"}}'),
    of_model(f'{PLAIN}, kind="headless", gpus=0', "client"),
    of_model(f'{PLAIN}, kind="firefly", cores=8'),
    of_model(f'{PLAIN}, kind="desktop", replicas=2', "client"),
    of_model(f'{PLAIN}, kind="notebook", env={{"A": "1"}}', "client"),
    of_model('name="fit", kind="headless"', "client"),
]
FIT = "images.canfar.net/survey/fit:1"
COMMANDS = [
    Form(f"canfar create headless {FIT}"),
    Form(f"canfar create headless {FIT} -- fit"),
    Form(f"canfar create headless {FIT} -- python /arc/fit.py --name x -c 4"),
    Form(f"canfar create --name a --cpu 4 --memory 16 headless {FIT} -- fit"),
    Form(f"canfar create -n a -c 4 -m 16 -g 1 -r 2 headless {FIT} -- fit"),
    Form(f"canfar create -na -c4 -m16 headless {FIT} -- fit"),
    Form(f"canfar create -n=foo headless {FIT} -- fit", "server"),
    Form(f"canfar create -c=4 headless {FIT} -- fit", "client"),
    Form(f"canfar create --name=a --cpu=4 headless {FIT} fit"),
    Form(f"canfar create headless {FIT} --cpu 4 -- fit"),
    Form(f"canfar create headless --cpu 4 {FIT} fit a b"),
    Form(f"canfar create headless {FIT} python x.py --name foo"),
    Form(f"canfar create headless {FIT} python x.py --input foo", "client"),
    Form(f"canfar create headless {FIT} bash -c ls", "client"),
    Form(f"canfar create headless {FIT} bash -h", "help"),
    Form(f"canfar create --help headless {FIT}", "help"),
    Form(f"canfar create headless {FIT} -- bash -c 'a b'"),
    Form(f"canfar create -e A=1 --env B=x=y headless {FIT} -- fit"),
    Form(f"canfar create -e A= headless {FIT} -- fit"),
    Form(f"canfar create --env A headless {FIT} -- fit", "client"),
    Form(f"canfar create --cpu 4.0 headless {FIT} -- fit", "client"),
    Form(f"canfar create --cpu 0 headless {FIT} -- fit", "client"),
    Form(f"canfar create --cpu 300 headless {FIT} -- fit", "client"),
    Form(f"canfar create -g 0 headless {FIT} -- fit", "client"),
    Form(f"canfar create -r 257 headless {FIT} -- fit", "client"),
    Form(f"canfar create --memory 16G headless {FIT} -- fit", "client"),
    Form(f"canfar create --cores 4 headless {FIT} -- fit", "client"),
    Form(f"canfar create --cp 4 headless {FIT} -- fit", "client"),
    Form(f"canfar create batch {FIT} -- fit", "client"),
    Form(f"canfar create desktop-app {FIT}", "client"),
    Form(f"canfar create notebook {FIT}"),
    Form(f"canfar create notebook {FIT} -- fit", "client"),
    Form(f"canfar create -e A=1 notebook {FIT}", "client"),
    Form(f"canfar create desktop {FIT} --replicas 2", "client"),
    Form("canfar create headless fit -- fit", "client"),
    Form("canfar create headless survey/fit -- fit"),
    Form("canfar create headless", "client"),
    Form(f"canfar create --dry-run headless {FIT} -- fit", "dry run"),
    Form(f"canfar -v create headless {FIT} -- fit"),
    Form(f"canfar create headless {FIT} -- -- fit"),
    Form(f"canfar create -o json headless {FIT} -- fit"),
    Form(f"canfar create headless {FIT} --output yaml -- fit"),
    Form(f"canfar create --output xml headless {FIT} -- fit", "client"),
    Form(f"canfar create --debug headless {FIT} -- fit"),
    Form(f"canfar create --dry-run -o json headless {FIT} -- fit", "client"),
    Form(f"canfar create --json headless {FIT} -- fit", "client"),
    Form(f"canfar create --cpu -1 headless {FIT} -- fit", "client"),
    Form(f"canfar create --cpu four headless {FIT} -- fit", "client"),
    Form(f"canfar create headless {FIT} -n a -- fit --output json -o yaml"),
    Form(f"canfar create headless {FIT} -n a --env A=1 --env B=2 --replicas 3 -- fit"),
    Form(f"canfar create carta {FIT} --name carta-1 --cpu 2 --memory 8"),
    Form(f"canfar create contributed {FIT} -m 512"),
    Form(f"canfar create firefly {FIT} -r 2", "client"),
    Form(f"canfar --log-level debug create headless {FIT} -- fit"),
    Form(f"canfar create -n a headless {FIT} -- fit 'two words' '' end"),
    Form(f"canfar create -n a -n b headless {FIT} -- fit"),
    Form(f"canfar create headless -- {FIT} fit -v"),
    Form(f"canfar create -- headless {FIT} fit -n x"),
    Form("canfar create", "client"),
    Form(f"canfar create -g headless {FIT}", "client"),
    Form(f"canfar create -r 0 headless {FIT} -- fit", "client"),
    Form(f"canfar create -m 513 headless {FIT} -- fit", "client"),
    Form("canfar create headless images.canfar.net/a/b/c:1 -- fit", "client"),
    Form("canfar create headless docker.io/a/b:1 -- fit", "server"),
    Form(f"canfar create -n 'a b' headless {FIT} -- fit", "server"),
]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Sent]]:
    """What the client posts, in place of its network layer."""
    posted: list[Sent] = []

    class Answer:
        text = "ab12cd34"

    class Network:
        def post(self, url: str, params: Sent) -> Answer:
            assert url == "session"
            posted.append(list(params))
            return Answer()

    class AsynchronousNetwork:
        async def post(self, url: str, params: Sent) -> Answer:
            return Network().post(url, params)

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CANFAR_TOKEN", "token")
    monkeypatch.setenv("CANFAR_URL", "https://example.org/skaha")
    monkeypatch.setattr(canfar.client.HTTPClient, "client", property(lambda self: Network()))
    monkeypatch.setattr(canfar.client.HTTPClient, "asynclient", property(lambda self: AsynchronousNetwork()))
    yield posted


def wire(request: Request) -> list[Sent]:
    """What a request sends, by our model of it."""
    fields = request.fields
    name, image = request.text("name") or "", request.text("image") or ""
    if image.count("/") == 1:
        image = f"images.canfar.net/{image}"
    if ":" not in image.rpartition("/")[2]:
        image += ":latest"
    values = {"name": name, "image": image}
    values |= {field: request.number(field) for field in ("cores", "ram") if request.number(field) is not None}
    values["type"] = request.kind or ""
    if request.number("gpu") is not None:
        values["gpus"] = request.number("gpu")
    values |= {
        field: given.value for field in ("cmd", "args") if (given := fields.get(field)) and given.value is not None
    }
    count = request.number("replicas") or 1
    environment = {key: given.value for key, given in request.env}
    payloads = []
    for number in range(1, count + 1):
        mine = {**values, "name": name if count == 1 else f"{name}-{number}"}
        variables = {**environment, "REPLICA_ID": number, "REPLICA_COUNT": count}
        payloads.append([*mine.items(), *(("env", f"{key}={value}") for key, value in variables.items())])
    return payloads


def said(path: str, kind: str, code: str) -> set[str]:
    """The codes that say that a request is refused or changed."""
    resolver = Resolver((Layer("", {"select": ["CAN8"], "ruff": False}),), isolated=True)
    settings = resolver.base
    rules = resolver.selection(settings).rules.values()
    result = lint_bytes(path, kind, code.encode(), rules, settings)
    assert not result.crashed
    return {d.code for d in result.diagnostics if d.level == "error" and d.code in ("CAN801", "CAN807", "CAN815")}


def test_there_are_enough_forms() -> None:
    assert len({form.code for form in FORMS}) >= 60 and len({form.code for form in COMMANDS}) >= 30


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code.replace("\n", "; ")[:100])
def test_python(form: Form, sent: list[Sent]) -> None:
    head = "from pathlib import Path\nfrom canfar.models.session import CreateRequest\n"
    code = f"{head}from canfar.sessions import AsyncSession, Session\nfrom asyncio import run\n{form.code}\n"
    error = ""
    names = {"CreateRequest": CreateRequest, "Session": Session, "AsyncSession": AsyncSession, "run": asyncio.run}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(code, "form.py", "exec"), dict(names))
        except (TypeError, ValueError) as e:
            error = type(e).__name__
    assert bool(error) == (form.refused_by == "client"), error
    found = requests(PythonModule(Source("submit.py", PYTHON, code)))
    mine = [request for request in found if request.of_model is None]
    assert len(mine) == 1
    assert (mine[0].surface == MODEL) == ("CreateRequest(" in form.code)
    assert ("CAN801" in said("submit.py", PYTHON, code)) == bool(form.refused_by)
    if not error:
        assert wire(mine[0]) == [_as_sent(payload) for payload in sent]


@pytest.mark.parametrize("form", COMMANDS, ids=lambda form: form.code)
def test_command_line(form: Form, sent: list[Sent]) -> None:
    result = CliRunner().invoke(canfar.cli.main.cli, shlex.split(form.code)[1:])
    assert (result.exit_code != 0) == (form.refused_by == "client"), result.output
    (request,) = command_requests(parse(form.code))
    assert request.surface == COMMAND_LINE
    codes = said("submit.sh", SHELL, form.code)
    assert bool(codes - {"CAN807"} or (request.unknown and codes)) == (form.refused_by in ("client", "server"))
    if form.refused_by in ("help", "dry run"):
        assert request.stopped == form.refused_by and not sent
    if form.refused_by == "dry run":
        assert re.search(r"Command: fit\b", result.output)
    elif result.exit_code == 0 and form.refused_by != "help":
        theirs = [_as_sent(payload) for payload in sent]
        if "name" not in request.fields:
            theirs = [[("name", ""), *payload[1:]] for payload in theirs]
        assert wire(request) == theirs


def _as_sent(payload: Sent) -> Sent:
    return [(key, value) for key, value in payload]


def test_a_coroutine_that_nobody_awaits_sends_nothing(sent: list[Sent]) -> None:
    code = f"from canfar.sessions import AsyncSession\nAsyncSession().create({PLAIN})\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, "form.py", "exec"), {})
    assert not sent
    assert said("submit.py", PYTHON, code) == {"CAN815"}
