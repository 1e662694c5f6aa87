"""Questions to a person, which nobody answers in a batch job."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix, Question

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule
    from canfar_lint.model.shell import Block, Command, Script

# what a function that is handed the parsed arguments calls them
_PARSED = re.compile(r"(?:self\.)?_?(?:p?args?|opts?|options|namespace)")
_ASKED = re.compile(r"\b(?:cp|mv|rm)\s+-(?:\w*[iI]|-interactive)")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    questions = frozenset(name for names in rule.table("questions").values() for name in names)
    for instead, names in rule.table("questions").items():
        for call in module.calls(frozenset(names)):
            if not (_optional(module, call) or _goes_on_asking(module, call, questions) or _is_elsewhere(module, call)):
                fix = _fix(module, call)
                yield rule.finding(module.span(call), call=module.code(call), instead=instead, fix=fix)
    yield from _by_others(module, rule, questions)
    yield from _logins(module, rule)
    yield from _copies(module, rule)


def _is_elsewhere(module: PythonModule, call: ast.Call) -> bool:
    """Whether a condition asks for the very module that asks, which is there in one place only: `if IN_COLAB:`."""
    root, *words = module.qualified(call.func).lower().split(".")[:-1] or [""]
    tests = [module.code(test).lower() for test, _ in module.guards(call)]
    tried = (each for each in module.ancestors(call) if isinstance(each, ast.Try) and _misses_module(module, each))
    brought = (node for each in tried for one in each.body for node in ast.walk(one))
    imports = (module.code(node) for node in brought if isinstance(node, (ast.Import, ast.ImportFrom)))
    if root and any(re.search(rf"\b{re.escape(root)}\b", text) for text in imports):
        return True
    return any(len(word) > 4 and word in test for word in (root, *words) for test in tests)


def _misses_module(module: PythonModule, tried: ast.Try) -> bool:
    caught = [module.code(handler.type) for handler in tried.handlers if handler.type is not None]
    return any("ImportError" in one or "ModuleNotFoundError" in one for one in caught)


def _by_others(module: PythonModule, rule: Rule, questions: frozenset[str]) -> Iterator[Finding]:
    """Functions of packages that nobody knows here, by a name that says it and a question: `yesno("Go on?")`."""
    question = re.compile(rule.table("question"))
    for word in rule.table("asking"):
        for call in module.calls_named(word):
            name = module.qualified(call.func)
            root = name.partition(".")[0]
            if root in ("", "builtins", name) or name in questions or question.match(module.code(call)) is None:
                continue
            if not _optional(module, call):
                instead = rule.table("decision")
                asked = Question("own-module", root)
                yield rule.finding(module.span(call), call=module.code(call), instead=instead, question=asked)


def _copies(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Commands put together of pieces that ask before they overwrite; what is one text is read as shell."""
    if _ASKED.search(module.text) is None:
        return
    from canfar_lint.checks._choice import left_to_user
    from canfar_lint.checks._commands import started

    for start in started(module):
        command, written = start.command, start.call.args[0] if start.call.args else None
        pieces = isinstance(written, ast.BinOp) and isinstance(written.op, ast.Add)
        if not pieces or command.name not in ("cp", "mv", "rm"):
            continue
        instead = next((e["instead"] for e in rule.table("shell_questions")[command.name] if _asks(command, e)), None)
        fed = command.before == "|" or module.keyword(start.call, "stdin") is not None
        if instead and command.program is not None and not fed and not left_to_user(module, start.call):
            place = start.place(command.program)
            yield rule.finding(module.span(place), call=module.code(start.call), instead=instead)


def _fix(module: PythonModule, call: ast.Call) -> Fix | None:
    """The answer from an option or a variable named as what it is bound to; nothing instead of a mere pause."""
    from canfar_lint.checks._environment import taken_by, variable_for
    from canfar_lint.checks._options import has_parser
    from canfar_lint.fixing.python import can_import, fix, replaced, without_statement

    if module.qualified(call.func) not in ("builtins.input", "builtins.raw_input"):
        return None
    parent = module.parent(call)
    if isinstance(parent, ast.Expr):
        return fix("Do not wait", without_statement(module, parent), UNSAFE)
    number = taken_by(module, call, ("builtins.int", "builtins.float"))
    taken = number or call
    if not _asked_once(module, call):
        return None
    if has_parser(module):
        return _option(module, call, taken, module.qualified(number.func).rpartition(".")[2] if number else "")
    name = variable_for(module, taken)
    if name is None or not can_import(module, "os", call):
        return None
    return fix(f"Take it from `{name}`", replaced(module, call, f'os.environ["{name}"]'), UNSAFE, ("os",))


def _asked_once(module: PythonModule, call: ast.Call) -> bool:
    """Whether a run comes to a question once at most: asked again and again, the same answer may never end."""
    function = module.function_of(call)
    callers = module.callers().get(function, []) if function is not None else []
    above = callers[0] if len(callers) == 1 else None
    once = above is not None and module.function_of(above) is None and not module.loops(above)
    command = function is not None and not callers and bool(function.decorator_list)
    return (function is None or once or command) and not module.loops(call)


def _option(module: PythonModule, call: ast.Call, taken: ast.expr, kind: str) -> Fix | None:
    """The answer from an option that must be given, with the question as its help."""
    from canfar_lint.checks._environment import bound_name
    from canfar_lint.checks._options import Wanted, option

    target = bound_name(module, taken)
    if target is None or module.guards(call) or any(isinstance(a, ast.Try) for a in module.ancestors(call)):
        return None
    asked = module.constant(call.args[0]) if call.args else ""
    text = asked.strip().rstrip(":?>= ") if isinstance(asked, str) else ""
    text = text if re.fullmatch(r"[\w ,.()/-]+", text) else ""
    return option(module, Wanted(taken, target.strip("_").lower(), target, type=kind, help=text))


def _logins(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Logins of libraries; an object of the class, as in `Eso().login`, logs in the same way."""
    from canfar_lint.checks._choice import left_to_user

    table = rule.table("logins")
    for name, secrets in table.items():
        owner, _, method = name.rpartition(".")
        for call in module.calls(frozenset((name, f"{owner}().{method}"))):
            given = any(module.keyword(call, secret) for secret in secrets) or module.is_open_ended(call)
            given = given or (secrets[:1] == ["token"] and bool(call.args))
            # Subject() without a user name is anonymous
            asks = method != "Subject" or module.keyword(call, "username") is not None
            if asks and not given and len(call.args) < 2 and not left_to_user(module, call):
                file = "credentials_file" in secrets
                instead = rule.table("credentials_instead" if file else "login_instead")
                yield rule.finding(module.span(call), variant="login", call=module.code(call), instead=instead)


def _optional(module: PythonModule, call: ast.Call) -> bool:
    """Whether the question is asked only of who wants it; one that stands in for a missing argument is not.

    What no cell of a notebook calls is for whoever goes on by hand.
    """
    from canfar_lint.checks._choice import is_shelved, left_to_user

    if is_shelved(module, call) or (module.notebook and not module.on_main_path(call)):
        return True
    if any(_missing(module, test, wanted) for test, wanted in module.guards(call)):
        return False
    return left_to_user(module, call)


def _goes_on_asking(module: PythonModule, call: ast.Call, questions: frozenset[str]) -> bool:
    """Whether a question is asked because of the answer to another, which is asked only of who wants it."""
    for test, _ in module.guards(call):
        asked = _answered(module, test, questions)
        if asked and all(_optional(module, one) and not _follows(module, one, questions) for one in asked):
            return True
    return False


def _follows(module: PythonModule, call: ast.Call, questions: frozenset[str]) -> bool:
    return any(_answered(module, test, questions) for test, _ in module.guards(call))


def _answered(module: PythonModule, test: ast.expr, questions: frozenset[str]) -> list[ast.Call]:
    """The questions whose answers a condition is about, where all else it may be about is written there."""
    about = test.left if isinstance(test, ast.Compare) else test
    found: list[ast.Call] = []
    for binding in module.bindings(about)[:32] if isinstance(about, ast.Name) else ():
        if binding.value is None or binding.kind == "param":
            return []
        calls = [node for node in ast.walk(binding.value) if isinstance(node, ast.Call)]
        asked = [node for node in calls if module.qualified(node.func) in questions]
        if not asked and not isinstance(binding.value, ast.Constant):
            return []
        found += asked
    return found


def _missing(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition asks if an argument was left out: `len(sys.argv) < 2`, `args.field is None`."""
    if not isinstance(test, ast.Compare):
        return False
    if isinstance(test.left, ast.Attribute):
        return wanted and _left_out(module, test)
    if not isinstance(test.left, ast.Call) or not test.left.args:
        return False
    return module.qualified(test.left.func) == "builtins.len" and module.qualified(test.left.args[0]) == "sys.argv"


def _left_out(module: PythonModule, test: ast.Compare) -> bool:
    """Whether an option is compared with `None`; not one that says whether to ask at all."""
    from canfar_lint.model.evaluate import ASKING_NAMES
    from canfar_lint.model.values import ARGUMENT, PARAMETER

    assert isinstance(test.left, ast.Attribute)
    nothing = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
    sources = module.value(test.left).sources
    given = ARGUMENT in sources or (
        PARAMETER in sources and _PARSED.fullmatch(module.code(test.left.value)) is not None
    )
    asks = ASKING_NAMES.search(test.left.attr) is not None
    return nothing and given and not asks and isinstance(test.ops[0], (ast.Is, ast.Eq))


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import made_by_hand

    if script.context not in ("recipe", "step") and not made_by_hand(script):
        yield from _asking_commands(script, rule)
        yield from _menus(script, rule)


def check_c_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """As in the other shells; `set x = $<` behind what is printed waits for an answer."""
    from canfar_lint.checks._scripts import is_fed, left_to_person, made_by_hand

    if made_by_hand(script):
        return
    yield from _asking_commands(script, rule)
    for entry in script.assignments:
        command, word = entry.command, entry.word
        if command is None or word is None or word.text.strip("\"'") not in ("$<", "$<:q"):
            continue
        asks = _behind_question(script, command) or _behind_words(script, command)
        if asks and not is_fed(command) and not left_to_person(script, command):
            call, instead = script.text[command.start : word.end], rule.table("c_shell_read")
            yield rule.finding((command.start, word.end), call=call, instead=instead)


def _asking_commands(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import is_fed, left_to_person, said, spelled

    for command in script.commands:
        instead = _question(script, rule, command)
        if instead and not is_fed(command) and not left_to_person(script, command):
            fix = _fix_in_shell(script, command)
            yield rule.finding(said(command), call=spelled(command), instead=instead, fix=fix)


def _question(script: Script, rule: Rule, command: Command) -> str | None:
    """What to write instead of a command that asks; None when it does not."""
    if command.name == "read":
        return str(rule.table("shell_read")) if _reads_terminal(script, command) else None
    if command.name in ("cp", "mv") and _is_new(script, command):
        return None
    for entry in rule.table("shell_questions").get(command.name, ()):
        if _asks(command, entry):
            return str(entry["instead"])
    return None


def _is_new(script: Script, command: Command) -> bool:
    """Whether a copy is made only where the target is not there, so that nothing is asked."""
    from canfar_lint.checks._scripts import tests_of

    target = command.arguments[-1].text if command.arguments else ""
    for test in tests_of(script, command):
        words = [word.text for word in test.words]
        if target in words[2:] and "!" in words and words[words.index(target) - 1] in ("-e", "-f", "-d", "-s"):
            return True
    return False


def _asks(command: Command, entry: dict[str, Any]) -> bool:
    """Whether the command has the `words` and one of the `options` of an entry, and none of those of `unless`."""
    heads = [word.head for word in command.arguments]
    words = [head for head in heads if not head.startswith("-")]
    wanted = entry.get("words", [])
    if words[: len(wanted)] != wanted or any(word.dynamic for word in command.arguments[:1] if not word.head):
        return False
    given = {head.partition("=")[0] for head in heads if head.startswith("-")} | {
        head[:2] for head in heads if head[:1] == "-" and head[1:2] != "-"
    }
    if given & {"-h", "--help", "--version", *entry.get("unless", [])}:
        return False
    if entry.get("alone") and len(words) > len(wanted):
        return False
    options = entry.get("options")
    return options is None or bool(given & set(options))


def _fix_in_shell(script: Script, command: Command) -> Fix | None:
    """One plain answer from the environment, or the end of the script where that has none; `--force` where it asks."""
    from canfar_lint.checks._environment import is_free

    words = command.arguments
    if not words or script.context != "file" or command.redirects:
        return None
    if command.name == "canfar" and words[0].value == "delete":
        return Fix("Add `--force`", (Edit(words[0].end, words[0].end, " --force"),), UNSAFE)
    if command.name in ("mv", "cp", "rm", "docker", "podman"):
        return _without_option(command)
    name = words[-1].value or ""
    text = script.text[command.start : command.end]
    once = not any(block.kind in ("loop", "function", "condition") for block in command.blocks)
    plain = re.fullmatch(r"""read( -[rsep]+)* ("[^"$`\\]*"|'[^']*') """ + re.escape(name), text)
    if not plain or not name.isidentifier() or not is_free(name.upper()) or not once or "p" not in plain.group(1):
        return None
    if sum(1 for entry in script.assignments if entry.name == name) != 1:
        return None
    if name != name.upper() and re.search(rf"\b{name.upper()}\b", script.text):
        return None
    value = f"{name}=${{{name.upper()}:?}}"
    return Fix(f"Take it from `{name.upper()}`", (Edit(command.start, command.end, value),), UNSAFE)


def _without_option(command: Command) -> Fix | None:
    """Without the option that asks, where it is a word of its own; `rm` is told not to ask."""
    asking = [word for word in command.arguments if word.text in ("-i", "-I", "-it", "-ti", "--interactive")]
    if len(asking) != 1:
        return None
    word = asking[0]
    if command.name == "rm":
        return Fix("Do not ask", (Edit(word.start, word.end, "-f"),), UNSAFE)
    follower = next((each for each in command.arguments if each.start > word.start), None)
    if follower is None or follower.start - word.end != 1:
        return None
    return Fix("Do not ask", (Edit(word.start, follower.start, ""),), UNSAFE)


def _reads_terminal(script: Script, command: Command) -> bool:
    """Whether a `read` waits for a person: it prompts, hides what is typed, or stands behind a question."""
    letters = ""
    for word in command.arguments:
        head = word.head
        if head[:1] != "-" and letters[-1:] not in ("p", "n", "d", "i", "a", "N"):
            break
        letters += head[1:] if head[:1] == "-" else " "
    if "t" in letters or "u" in letters:
        return False
    pauses = bool(set("sn") & set(letters)) and not re.fullmatch(r"[A-Za-z_]\w*", command.arguments[-1].value or "")
    if "p" in letters or pauses:
        return True
    if any(redirect.target.value == "/dev/tty" for redirect in command.redirects):
        return True
    if any(block.kind == "condition" for block in command.blocks):
        return False
    return _behind_question(script, command) or _is_one_of_several(script, command)


def _is_one_of_several(script: Script, command: Command) -> bool:
    """Whether a `read` that has no question just before it stands in a script that asks for its answers."""
    if not script.memo("asks", _asks_for_answers) or command.start > script.memo("fed from", _fed_from):
        return False
    from canfar_lint.checks._scripts import is_fed

    reading: set[int] = script.memo("reading loops", _reading_loops)
    if any(id(block) in reading for block in command.blocks):
        return False
    functions = {block.name for block in command.blocks if block.kind == "function"}
    return not any(call.name in functions and is_fed(call) for call in (script.commands if functions else ()))


def _asks_for_answers(script: Script) -> bool:
    """Whether a script asks a question and reads the answer; or says something before two of its `read`s."""
    from canfar_lint.checks._scripts import is_fed

    reads = [c for c in script.commands if c.name == "read" and "condition" not in c.context and not is_fed(c)]
    if any(_is_prompt(word.head) for one in reads for word in one.arguments[:1]):
        return True
    return any(_behind_question(script, one) for one in reads) or sum(_behind_words(script, one) for one in reads) > 1


def _is_prompt(word: str) -> bool:
    return word[:1] == "-" and "p" in word and not {"t", "u"} & set(word)


def _fed_from(script: Script) -> float:
    """Where a script gives itself another standard input: `exec < list.txt`."""
    execs = (c for c in script.commands if c.name == "exec" or (c.program is None and c.redirects))
    return next((c.start for c in execs if any(redirect.feeds for redirect in c.redirects)), float("inf"))


def _reading_loops(script: Script) -> set[int]:
    """The loops that take one line after the other: `while read line`."""
    found = set()
    for command in script.commands:
        if command.name in ("read", "mapfile") and "condition" in command.context:
            found |= {id(block) for block in command.blocks if block.kind == "loop"}
    return found


def _words_before(script: Script, command: Command) -> Command | None:
    """The command just before, where that prints something."""
    from canfar_lint.checks._scripts import positions

    at = positions(script)[id(command)]
    before = script.commands[at - 1] if at else None
    if before is None or before.name not in ("echo", "printf") or before.blocks != command.blocks or before.redirects:
        return None
    return before


def _behind_words(script: Script, command: Command) -> bool:
    before = _words_before(script, command)
    return before is not None and any(re.search(r"\w", word.tail) for word in before.arguments)


def _behind_question(script: Script, command: Command) -> bool:
    """Whether the command just before prints a question."""
    before = _words_before(script, command)
    if before is None:
        return False
    text = " ".join(word.tail for word in before.arguments).rstrip()
    text = text.removesuffix("\\n").removesuffix("\\c").rstrip(" \"'")
    asks = text.endswith(("?", ":", ">", "]", ")"))
    return asks or any(word in text.lower() for word in ("press ", "enter ", "hit return", "type "))


def _menus(script: Script, rule: Rule) -> Iterator[Finding]:
    """`select x in …`."""
    from canfar_lint.checks._scripts import is_fed, left_to_person

    seen: set[int] = set()
    for command in script.commands:
        for i, block in enumerate(command.blocks):
            if block.kind != "select" or block.start in seen:
                continue
            seen.add(block.start)
            if not is_fed(_at(command, i + 1)) and not left_to_person(script, _at(command, i, block.start)):
                end = block.words[-1].end if block.words else block.start + len("select")
                call = f"select {block.name}" + (" in …" if block.words else "")
                yield rule.finding((block.start, end), call=call, instead=rule.table("shell_read"))


def _at(command: Command, level: int, start: int | None = None) -> Command:
    """A stand-in for the compound command at a level of the blocks around `command`, or for one at `start` in them."""
    from canfar_lint.model.shell import Command

    blocks: tuple[Block, ...] = command.blocks[:level]
    outer = blocks[-1].start if blocks else command.start
    return Command(outer if start is None else start, blocks)
