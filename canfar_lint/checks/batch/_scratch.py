"""Data that a program reads below /scratch, where a session has none unless the program puts them there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks._commands import started
from canfar_lint.checks._outputs import names_of, outputs
from canfar_lint.checks.batch._made import is_made, last_part, made_names
from canfar_lint.checks.batch._reads import names, reads
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

# of whom or of what, and something below it: another site's `/scratch/group/someone/`
_OF_SITE = re.compile(r"/scratch/[\w.+-]+/[\w.+-]+/")
_LISTING = ("glob.glob", "glob.iglob", "os.listdir", "os.scandir", "os.walk")
_BRINGING = ("shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.move", "os.rename")
_FETCHING = ("urllib.request.urlretrieve", "wget.download", "shutil.unpack_archive", "tarfile.open().extractall")


def inputs(module: PythonModule) -> Iterator[ast.Constant]:
    """The literals with which the paths of data begin that are read there, and neither made nor brought there before.

    Those are left out with which the path of a result begins too.
    """
    if not any(_OF_SITE.match(str(text.value)) for text in module.strings):
        return
    written = [named.value for output in outputs(module) for named in names_of(module, output)]
    results = {value.pieces[0].node for value in written if value.pieces}
    folders = {value.skeleton.rpartition("/")[0] for value in written}
    brought = _brought(module)
    for value in _read(module):
        first = value.pieces[0] if value.pieces else None
        if first is None or first.default or not isinstance(first.node, ast.Constant) or first.node in results:
            continue
        path = value.skeleton
        root = "/".join(value.prefix.split("/")[:3])
        if _OF_SITE.match(value.prefix) and path.rpartition("/")[0] not in folders and root not in brought:
            yield first.node


def _read(module: PythonModule) -> Iterator[Value]:
    """The paths of what is read or listed, but for what the program makes itself."""
    from canfar_lint.catalogue import load

    rule = load().rules["CAN105"]
    for read in reads(module, rule):
        for named in names(module, read):
            for leaf in named.value.leaves():
                if not is_made(last_part(leaf.skeleton), made_names(module, rule)):
                    yield leaf
    for call in module.calls(_LISTING):
        yield from module.value(call.args[0]).leaves() if call.args else ()


def _brought(module: PythonModule) -> frozenset[str]:
    """The places below /scratch to which something is copied, fetched or unpacked, or that a command names."""
    given = [arg for call in module.calls((*_BRINGING, *_FETCHING)) for arg in call.args[:2]]
    paths = [leaf.prefix for arg in given for leaf in module.value(arg).leaves()]
    paths += [word.head for start in started(module) for word in start.command.words]
    return frozenset("/".join(path.split("/")[:3]) for path in paths if path.startswith("/scratch/"))
