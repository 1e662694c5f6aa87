"""Questions to a person, which nobody answers in a batch job."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import UNSAFE, Finding, Fix

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule
    from canfar_lint.model.shell import Block, Command, Script


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for instead, names in rule.table("questions").items():
        for call in module.calls(frozenset(names)):
            if not _optional(module, call):
                fix = _fix(module, call)
                yield rule.finding(module.span(call), call=module.code(call), instead=instead, fix=fix)
    yield from _logins(module, rule)


def _fix(module: PythonModule, call: ast.Call) -> Fix | None:
    """The answer from a variable named as what it is bound to; nothing instead of a mere pause."""
    from canfar_lint.checks._environment import variable_for
    from canfar_lint.fixing.python import can_import, fix, replaced, without_statement

    if module.qualified(call.func) not in ("builtins.input", "builtins.raw_input"):
        return None
    parent = module.parent(call)
    if isinstance(parent, ast.Expr):
        return fix("Do not wait", without_statement(module, parent), UNSAFE)
    converted = isinstance(parent, ast.Call) and parent.args == [call] and not parent.keywords
    number = converted and module.qualified(parent.func) in ("builtins.int", "builtins.float")  # type: ignore[union-attr]
    name = variable_for(module, parent if number else call)  # type: ignore[arg-type]
    # asked again and again, the same answer may never end
    once = module.function_of(call) is None and not module.loops(call)
    if name is None or not once or not can_import(module, "os", call):
        return None
    return fix(f"Take it from `{name}`", replaced(module, call, f'os.environ["{name}"]'), UNSAFE, ("os",))


def _logins(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Logins of libraries; an object of the class, as in `Eso().login`, logs in the same way."""
    from canfar_lint.checks._choice import left_to_user

    table = rule.table("logins")
    for name, secrets in table.items():
        owner, _, method = name.rpartition(".")
        for call in module.calls(frozenset((name, f"{owner}().{method}"))):
            given = any(module.keyword(call, secret) for secret in secrets) or module.is_open_ended(call)
            # Subject() without a user name is anonymous
            asks = method != "Subject" or module.keyword(call, "username") is not None
            if asks and not given and len(call.args) < 2 and not left_to_user(module, call):
                instead = rule.table("login_instead")
                yield rule.finding(module.span(call), variant="login", call=module.code(call), instead=instead)


def _optional(module: PythonModule, call: ast.Call) -> bool:
    """Whether the question is asked only of who wants it; one that stands in for a missing argument is not."""
    from canfar_lint.checks._choice import left_to_user

    if any(_missing(module, test) for test, _ in module.guards(call)):
        return False
    return left_to_user(module, call)


def _missing(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition asks if an argument was left out: `len(sys.argv) < 2`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Call) or not test.left.args:
        return False
    return module.qualified(test.left.func) == "builtins.len" and module.qualified(test.left.args[0]) == "sys.argv"


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import is_fed, left_to_person, made_by_hand, said, spelled

    if script.context in ("recipe", "step") or made_by_hand(script):
        return
    for command in script.commands:
        instead = _question(script, rule, command)
        if instead and not is_fed(command) and not left_to_person(script, command):
            yield rule.finding(said(command), call=spelled(command), instead=instead)
    yield from _menus(script, rule)


def _question(script: Script, rule: Rule, command: Command) -> str | None:
    """What to write instead of a command that asks; None when it does not."""
    if command.name == "read":
        return str(rule.table("shell_read")) if _reads_terminal(script, command) else None
    for entry in rule.table("shell_questions").get(command.name, ()):
        if _asks(command, entry):
            return str(entry["instead"])
    return None


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
    return not any(block.kind == "condition" for block in command.blocks) and _behind_question(script, command)


def _behind_question(script: Script, command: Command) -> bool:
    """Whether the command just before prints a question."""
    from canfar_lint.checks._scripts import positions

    at = positions(script)[id(command)]
    before = script.commands[at - 1] if at else None
    if before is None or before.name not in ("echo", "printf") or before.blocks != command.blocks or before.redirects:
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
            if not is_fed(_at(command, i + 1)) and not left_to_person(script, _at(command, i)):
                end = block.words[-1].end if block.words else block.start + len("select")
                call = f"select {block.name}" + (" in …" if block.words else "")
                yield rule.finding((block.start, end), call=call, instead=rule.table("shell_read"))


def _at(command: Command, level: int) -> Command:
    """A stand-in for the compound command at a level of the blocks around `command`."""
    from canfar_lint.model.shell import Command

    blocks: tuple[Block, ...] = command.blocks[:level]
    return Command(blocks[-1].start if blocks else command.start, blocks)
