"""Whether a script is one of many tasks: told on its command line or by the environment what to work on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks._given import is_never_read, is_only_place, tells_input
from canfar_lint.checks._outputs import ENVIRONMENT_KEY, LAUNCHER, SETTINGS
from canfar_lint.model.python import PythonModule

_TASK = re.compile(r"\bREPLICA_(ID|COUNT)\b|\bSLURM_ARRAY_TASK_ID\b|\bcanfar\.helpers\b")
# where things lie on this machine, and who logs in where: the same for every job
_OF_THE_MACHINE = re.compile(
    r"(?i)(^|_)(db|database|sql|pg|mysql|postgres|redis|aws|s3|api|auth|ssl|smtp|proxy)(?=_|[a-z]*$)|"
    r"(user(name)?|pass(word|wd)?|login|token|secret|key|credentials?|host(name)?|server|port|url|email|"
    r"enabled?|disabled?|level|verbosity|version|debug)$|"
    r"^(?!(in|out|input|output|work|run|job|task|target|obs|image|file|data|scratch)(_|dir|path|folder|root))"
    r"\w*(dir|directory|folder|path|home|root|lib|libs|library)(_[a-z]*\d+)?$"
)
# how many of something it makes or tries
_COUNTS = re.compile(r"--?(n|num|number|n-\w+|num-\w+|number-of-\w+)$")
_FLAGS = frozenset(("store_true", "store_false", "store_const", "count", "version", "help", "callback"))
# how a program goes about its work: how many at once, what it says and draws on the way
_MANNERS = re.compile(
    r"-+(no-?)?(v|q|j|np|max-?(cpus?|cores|jobs|proc|procs|processes|threads|workers)|n?_?jobs?|"
    r"n?_?(proc|procs|processes|processors|cores?|cpus?|threads?|workers?)|num-(proc|procs|"
    r"processes|cores|cpus|threads|workers)|verbose|verbosity|quiet|silent|debug|log|log-?level|loglevel|"
    r"plots?|show|show-?plots?|do-?plots?|make-?plots?|progress)$",
    re.IGNORECASE,
)
# where it puts what it makes
_PLACES = re.compile(
    r"--?(o|out|output|outputs|results?|figures?|figs?|plots?|save)(-?(dir|directory|folder|path|root))?$|"
    r"-{0,2}(out|output)-?(dir|directory|folder|path|file|filename|name|prefix|base|basename|suffix)?$"
)
# how it is tuned: such an option has a value that stands, and names nothing to work on
_TUNING = re.compile(
    r"--?((min|max|n)-?)?(sep|separation|radius|tol|tolerance|thresh|threshold|sigma|snr|iter|niter|iterations|timeout|"
    r"retries|ignore|exclude|skip)(-\w+)?$|"
    r"--?(\w+-)*(strides?|trials|n-?boot|bootstraps?|burn-?in|warm-?up|chunk-?size|batch-?size)$",
    re.IGNORECASE,
)
_PARSERS = frozenset(("argparse.ArgumentParser", "optparse.OptionParser"))
_DEEP = 2


def takes_task(module: PythonModule) -> bool:
    """Whether a script is told what to work on; switches, log-ins, and where things are installed do not tell it."""
    memo = module.memo("tasks")
    if "takes" not in memo:
        memo["takes"] = _takes_task(module)
    return bool(memo["takes"])


def _takes_task(module: PythonModule) -> bool:
    if _TASK.search(module.text):
        return True
    keys = ENVIRONMENT_KEY.findall(module.text)
    others = [key for key in keys if not SETTINGS.match(key) and not _OF_THE_MACHINE.search(key)]
    if any(tells_input(module, key) for key in others):
        return True
    return takes_words(module)


def takes_words(module: PythonModule) -> bool:
    """Whether a script is told on its command line what to work on."""
    launchers = [call for call in module.all_calls if LAUNCHER.search(module.qualified(call.func) + "()")]
    if any(not _is_forgotten(module, call) for call in launchers) and not _only_switches(module):
        return True
    return "argv" in module.text and any(_is_read(module, node) for node in _argv(module))


def takes_all(module: PythonModule) -> bool:
    """Whether a script goes through all words of its command line: `for name in sys.argv[1:]:`, and takes no other."""
    if _TASK.search(module.text) or "parse_" in module.text:
        return False
    read = [node for node in _argv(module) if _is_read(module, node)]
    return bool(read) and all(_is_gone_through(module, node) for node in read)


def _is_gone_through(module: PythonModule, words: ast.expr) -> bool:
    parent = module.parent(words)
    if isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Slice):
        words, parent = parent, module.parent(parent)
    return isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is words


def takes_one(module: PythonModule) -> bool:
    """Whether no more than one option of the program's parser may tell it what to work on."""
    options = [*module.calls_named("add_argument"), *module.calls_named("add_option")]
    return bool(options) and sum(not _is_switch(module, call) for call in options) < 2


def _is_forgotten(module: PythonModule, launcher: ast.Call) -> bool:
    """Whether arguments are parsed into what nothing reads: they check the command line, and tell nothing."""
    return "parse_" in module.code(launcher.func) and is_never_read(module, launcher)


def _only_switches(module: PythonModule) -> bool:
    """Whether all that the program's parser takes are options that are on or off, or say nothing of its input."""
    options = [*module.calls_named("add_argument"), *module.calls_named("add_option")]
    if "add_subparsers" in module.text:
        return False
    if not options:
        return _takes_nothing(module)
    return all(_is_switch(module, call) for call in options)


def _is_switch(module: PythonModule, call: ast.Call) -> bool:
    action = module.keyword(call, "action")
    if action is not None and module.constant(action.value) in _FLAGS:
        return True
    names = [str(module.constant(name)).replace("_", "-") for name in call.args]
    if any(_MANNERS.match(name) or _PLACES.match(name) for name in names):
        return True
    default = module.keyword(call, "default")
    value = module.constant(default.value) if default is not None else None
    counts = isinstance(value, int) and any(_COUNTS.match(name) for name in names)
    return value is not None and (counts or any(_TUNING.match(name) for name in names))


def _takes_nothing(module: PythonModule) -> bool:
    """Whether the parser is made here and no option is given to it, here or by anything else that it is handed to."""
    made = list(module.calls(_PARSERS))
    launchers = [call for call in module.all_calls if LAUNCHER.search(module.qualified(call.func) + "()")]
    if not made or any(module.keyword(call, "parents") for call in made):
        return False
    for call in made:
        statement = module.parent(call)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(target, ast.Name) or any(_is_passed_on(module, use) for use in module.named(target.id)):
            return False
    return all(
        module.qualified(call.func).startswith(tuple(_PARSERS)) and not _rest(module, call) for call in launchers
    )


def _is_passed_on(module: PythonModule, use: ast.Name) -> bool:
    """Whether a parser is handed to a function that is not of this file, where it may be given options."""
    parent = module.parent(use)
    parent = module.parent(parent) if isinstance(parent, ast.keyword) else parent
    return isinstance(parent, ast.Call) and module.function_named(parent.func) is None


def _rest(module: PythonModule, call: ast.Call) -> bool:
    """Whether the words that are no options are taken as well: `options, files = parser.parse_args()`."""
    if not module.qualified(call.func).startswith("optparse."):
        return "parse_known_args" in module.code(call.func)
    statement = module.parent(call)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(target.elts[-1], ast.Name):
        return True
    return bool(module.loads(target.elts[-1].id))


def _argv(module: PythonModule) -> Iterator[ast.expr]:
    """Where the words of the command line are read."""
    yield from (name for name in module.named("argv") if module.qualified(name) == "sys.argv")
    yield from (node for node in module.attributed("argv") if module.qualified(node) == "sys.argv")


def _is_read(module: PythonModule, node: ast.expr, depth: int = 0) -> bool:
    """Whether the words are more than counted, kept as a record, searched for a switch, or handed to a parser."""
    if not isinstance(getattr(node, "ctx", None), ast.Load):
        return False
    parent = module.parent(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        if module.constant(parent.slice) == 0 or not isinstance(parent.ctx, ast.Load):
            return False
        if not isinstance(parent.slice, ast.Slice):
            tells = not _is_mode(module, parent) and not is_never_read(module, parent)
            return tells and not is_only_place(module, parent)
        node, parent = parent, module.parent(parent)
    if isinstance(parent, ast.Compare) and node in parent.comparators:
        return not (isinstance(parent.ops[0], (ast.In, ast.NotIn)) and isinstance(module.constant(parent.left), str))
    if isinstance(parent, ast.Call) and node in parent.args:
        return _is_handed(module, node, parent, depth)
    return not isinstance(parent, (ast.FormattedValue, ast.BinOp))


def _is_mode(module: PythonModule, word: ast.expr) -> bool:
    """Whether a word of the command line is only compared with words of the script: `if sys.argv[1] == "plot":`."""
    parent = module.parent(word)
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        scope = module.scope_of(parent.targets[0])
        named = [use for use in module.named(parent.targets[0].id) if module.scope_of(use) is scope]
        uses: list[ast.expr] = [use for use in named if isinstance(use.ctx, ast.Load)]
    else:
        uses = [word]
    compared = [_is_compared(module, use) for use in uses]
    return bool(compared) and all(compared)


def _is_compared(module: PythonModule, word: ast.AST) -> bool:
    parent = module.parent(word)
    if isinstance(parent, ast.Attribute) and parent.attr in ("lower", "upper", "strip"):
        word = module.parent(parent) or word
        parent = module.parent(word)
    if not isinstance(parent, ast.Compare):
        return False
    others = [each for each in (parent.left, *parent.comparators) if each is not word]
    return all(isinstance(module.constant(each), (str, tuple, list)) for each in others)


def _is_handed(module: PythonModule, node: ast.expr, call: ast.Call, depth: int) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("len", "join", "print", "str", "repr", "info", "debug", "list2cmdline", "format", "write", "list"):
        return name == "list"
    if name.startswith("parse_"):
        return False  # the parser's options tell
    if name.endswith("Application"):
        return False  # a window's own options: `QApplication(sys.argv)`
    function = module.function_named(call.func)
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) or depth >= _DEEP:
        return True
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    at = call.args.index(node)
    if at >= len(names):
        return True
    uses = [use for use in module.named(names[at]) if module.function_of(use) is function]
    return any(_is_read(module, use, depth + 1) for use in uses)
