"""What becomes of a file that a program writes: moved on, read back, handed to another program, or only left behind.

A path is followed forwards from the expression it begins in, through names, attributes, joins and containers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from canfar_lint.checks._outputs import outputs, texts_with
from canfar_lint.model.python import PythonModule

LEFT, USED = "left", "used"
_DEEP = 4
_MOST = 400
_JOINS = re.compile(
    r"^(os\.path\.(join|abspath|normpath|expanduser|expandvars|realpath|dirname|basename|splitext|relpath)|"
    r"pathlib\.\w*Path|builtins\.(str|repr|sorted|list|tuple)|os\.fspath|posixpath\.join)$"
)
_NEUTRAL = re.compile(
    r"^(os\.(makedirs|mkdir|chdir|access|chmod|listdir|scandir|statvfs|stat|environ\.\w+)|os\.path\.\w+|glob\.i?glob|"
    r"builtins\.(print|len|isinstance|bool|getattr)|logging\.\w+|warnings\.warn|shutil\.disk_usage|sys\.(exit|path\.\w+))$"
)
_COPIES = re.compile(r"^(shutil\.(copy|copy2|copyfile|copytree|move)|os\.(rename|renames|replace|link|symlink))$")
_SAME_METHODS = frozenset(
    ("format", "joinpath", "with_suffix", "with_name", "resolve", "absolute", "expanduser", "strip", "rstrip", "lstrip")
)
_NEUTRAL_METHODS = frozenset(
    ("mkdir", "exists", "is_file", "is_dir", "glob", "iterdir", "touch", "write_text", "write_bytes", "endswith")
)
_MESSAGES = frozenset(("info", "debug", "warning", "error", "critical", "exception", "log", "write", "add_argument"))
# calls that only say a name
SAID = _MESSAGES | {"print"}
_CLIMBED = (
    *(ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.keyword, ast.Starred, ast.Tuple, ast.List, ast.IfExp, ast.Set),
    *(ast.BoolOp, ast.Subscript, ast.Dict, ast.NamedExpr, ast.Await),
)


def is_path_work(name: str) -> bool:
    """Whether a call of this qualified name only makes, joins or asks for paths."""
    return bool(_JOINS.match(name) or _NEUTRAL.match(name))


class Fates:
    """Answers `of` for the paths of one module.

    `ephemeral` tells where what is copied there is lost as well; `places` are calls that are known to write.
    """

    def __init__(self, module: PythonModule, ephemeral: re.Pattern[str], places: Iterable[ast.AST] = ()) -> None:
        self.module = module
        self.known = {id(place) for place in places}
        self.ephemeral = ephemeral
        self.written = {id(output.call): output for output in outputs(module)}

    def of(self, start: ast.AST, text: str = "") -> str:
        """LEFT, or USED when the path that begins at `start` goes anywhere but into outputs and messages.

        `text` is its static beginning, looked for in other texts (command lines).
        """
        known = self.known
        queue: list[tuple[ast.AST, int]] = [(start, 0)]
        seen: set[int] = set()
        if text.strip("/"):
            queue += [(other, 0) for other in self._mentions(text.rstrip("/")) if other is not start]
        for _ in range(_MOST):
            if not queue:
                break
            node, depth = queue.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            used, carriers = self._climb(node, known)
            if used:
                return USED
            if depth < _DEEP:
                queue += [(carrier, depth + 1) for carrier in carriers]
        return LEFT

    def _climb(self, node: ast.AST, known: set[int]) -> tuple[bool, list[ast.AST]]:
        """Whether an expression is used where it stands, and the uses of the names it is bound to."""
        parents = self.module.parents
        parent = parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.Call):
                step = self._through_call(node, parent, known)
                if step is not None:
                    return step, []
            elif isinstance(parent, ast.Attribute):
                called = parents.get(parent)
                if isinstance(called, ast.Call) and called.func is parent:
                    step = self._method(parent, called, known)
                    if step is not None:
                        return step, []
                    parent = called
            elif isinstance(parent, (ast.Assign, ast.AnnAssign)):
                targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
                return False, [use for target in targets for use in self._uses(target)]
            elif isinstance(parent, ast.withitem):
                return False, self._uses(parent.optional_vars) if parent.optional_vars is not None else []
            elif isinstance(parent, (ast.Return, ast.Yield, ast.Lambda)):
                return True, []
            elif not isinstance(parent, _CLIMBED):
                return False, []
            node, parent = parent, parents.get(parent)
        return False, []

    def _uses(self, target: ast.AST) -> list[ast.AST]:
        if isinstance(target, ast.Name):
            return [*self.module.loads(target.id)]
        if isinstance(target, ast.Attribute):
            return [*self.module.attribute_loads(target.attr)]
        if isinstance(target, ast.Subscript):
            return self._uses(target.value)
        if isinstance(target, (ast.Tuple, ast.List)):
            return [use for element in target.elts for use in self._uses(element)]
        return []

    def _method(self, attribute: ast.Attribute, call: ast.Call, known: set[int]) -> bool | None:
        """A method of the path itself: None when its result is a path again."""
        if id(call) in known or id(call) in self.written or attribute.attr in _NEUTRAL_METHODS:
            return False
        if attribute.attr in ("rename", "replace") and len(call.args) == 1:
            return not self._is_ephemeral(call.args[0])
        if attribute.attr in _SAME_METHODS or attribute.attr == "replace":
            return None
        return True

    def _through_call(self, node: ast.AST, call: ast.Call, known: set[int]) -> bool | None:
        """A call that is given the path: None when its result is a path again."""
        name = self.module.qualified(call.func)
        if _JOINS.match(name) or (isinstance(call.func, ast.Attribute) and call.func.attr in _SAME_METHODS):
            return None
        if id(call) in known or id(call) in self.written or _NEUTRAL.match(name):
            return False
        if _COPIES.match(name) and len(call.args) > 1:
            return node is call.args[0] and not self._is_ephemeral(call.args[1])
        return not (isinstance(call.func, ast.Attribute) and call.func.attr in _MESSAGES)

    def _mentions(self, text: str) -> list[ast.Constant]:
        """The other texts that speak of a path; of a bare root (`/tmp`) only those that begin with it."""
        found = texts_with(self.module, text)
        return found if "/" in text.strip("/") else [node for node in found if str(node.value).startswith(text)]

    def _is_ephemeral(self, node: ast.expr) -> bool:
        return bool(self.ephemeral.match(self.module.value(node).prefix))
