"""`canfar-lint generate-shell-completion SHELL`: a script for bash, zsh or fish, made from the commands' own flags."""

from __future__ import annotations

import argparse
import shlex
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from canfar_lint.cli.parser import Parser

SHELLS = ("bash", "fish", "zsh")
_PATHS = ("FILE", "FOLDER", "PATH", "FILES", "PATTERNS", 'FILE|"KEY = VALUE"')


class Flag(NamedTuple):
    """A flag as a shell must know it: `values` are words it takes, `takes` what they are called, "" for a switch."""

    names: tuple[str, ...]
    meaning: str
    takes: str
    values: tuple[str, ...]

    @property
    def long(self) -> str:
        return self.names[-1]

    @property
    def wants_path(self) -> bool:
        return not self.values and self.takes in _PATHS


def run(arguments: list[str]) -> int:
    print(script(parser().parse(arguments).shell), end="")
    return 0


def parser() -> Parser:
    """The parser of `generate-shell-completion`."""
    from canfar_lint.cli.parser import Group, Parser

    made = Parser("generate-shell-completion", "Print what a shell needs to complete canfar-lint", "<SHELL>")
    Group(made, "Arguments").words("shell", "bash, fish or zsh", metavar="SHELL", choices=SHELLS)
    Group(made, "Options").help()
    return made


def script(shell: str) -> str:
    """The script for one of `SHELLS`."""
    return {"bash": _bash, "fish": _fish, "zsh": _zsh}[shell]()


def flags(command: str) -> list[Flag]:
    """The flags of a command that its help shows."""
    return [_flag(action) for action in _parser(command)._actions if action.option_strings and _is_shown(action)]


def words(command: str) -> tuple[tuple[str, ...], bool]:
    """What may stand behind a command: words, and whether files may."""
    for action in _parser(command)._actions:
        if not action.option_strings:
            return _flag(action).values, action.metavar == "FILES"
    return (), False


def meaning(command: str) -> str:
    """What a command is for."""
    return str(_parser(command).description)


@cache
def _parser(command: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = import_module(f"canfar_lint.cli.{COMMANDS[command]}").parser()
    return made


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS


def _flag(action: argparse.Action) -> Flag:
    takes = "" if action.nargs == 0 or action.metavar is None else str(action.metavar)
    if takes.startswith("[="):
        takes = ""
    values = tuple(map(str, action.choices or ()))
    if takes.startswith("FORMAT["):
        from canfar_lint.settings.keys import FORMATS as values
    elif takes in ("RULES", "RULE"):
        values = _rules()
    elif takes == "KEY":
        from canfar_lint.settings.keys import BY_NAME

        values = tuple(BY_NAME)
    return Flag(tuple(action.option_strings), str(action.help).partition(" [")[0], takes, values)


def _rules() -> tuple[str, ...]:
    from canfar_lint.catalogue import load
    from canfar_lint.settings.select import SECTIONS

    catalogue = load()
    return ("ALL", *SECTIONS, *catalogue.rules, *catalogue.names)


# -- bash -----------------------------------------------------------------------------------------------------

_BASH = """\
_canfar_lint() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=check word
    if [[ $current == = ]]; then
        current=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $word in
            {commands}) command=$word; break ;;
            -*) ;;
            *) break ;;
        esac
    done
    COMPREPLY=()
    case $command:$before in
{values}    esac
    case $command in
{flags}    esac
    if [[ $COMP_CWORD == 1 && $current != -* ]]; then
        COMPREPLY+=($(compgen -W {listed} -- "$current"))
    fi
}}
complete -o bashdefault -o default -F _canfar_lint canfar-lint
"""


def _bash() -> str:
    return _BASH.format(
        commands="|".join(COMMANDS),
        listed=shlex.quote(" ".join(COMMANDS)),
        values="".join(_bash_values()),
        flags="".join(_bash_flags()),
    )


def _bash_values() -> Iterator[str]:
    for command in COMMANDS:
        for flag in (flag for flag in flags(command) if flag.takes):
            pattern = "|".join(f"{command}:{name}" for name in flag.names)
            reply = (
                f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(flag.values))} -- "$current")); ' if flag.values else ""
            )
            yield f"        {pattern}) {reply}return ;;\n"


def _bash_flags() -> Iterator[str]:
    for command in COMMANDS:
        names = [name for flag in flags(command) for name in flag.names]
        known = words(command)[0]
        yield f"        {command})\n            if [[ $current == -* ]]; then\n                {_reply(names)}\n"
        if known:
            yield f"            else\n                {_reply(known)}\n"
        yield "            fi ;;\n"


def _reply(known: Iterable[str]) -> str:
    return f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(known))} -- "$current"))'


# -- zsh ------------------------------------------------------------------------------------------------------

_ZSH = """\
#compdef canfar-lint

_canfar_lint_first() {{
    local -a commands=(
{commands}    )
    _describe -t commands command commands
    _files
}}

_canfar_lint() {{
    local command= word
    for word in ${{words[2,CURRENT-1]}}; do
        case $word in
            {names}) command=$word; break ;;
            -*) ;;
            *) break ;;
        esac
    done
    case $command in
{cases}    esac
}}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _canfar_lint "$@"
else
    compdef _canfar_lint canfar-lint
fi
"""


def _zsh() -> str:
    described = "".join(f"        {shlex.quote(f'{name}:{meaning(name)}')}\n" for name in COMMANDS)
    cases = "".join(_zsh_case(command) for command in COMMANDS)
    return _ZSH.format(commands=described, names="|".join(COMMANDS), cases=cases)


def _zsh_case(command: str) -> str:
    specs = [_zsh_flag(flag) for flag in flags(command)]
    known, files = words(command)
    rest = f"({' '.join(known)})" if known else "_files" if files else ""
    # the command itself is the first word
    first = ["'1: :_canfar_lint_first'"] if command == "check" else ["'1: :'"]
    if rest:
        first.append(shlex.quote(f"*: :{rest}"))
    pattern = "''|check" if command == "check" else command
    arguments = " \\\n                ".join([*specs, *first])
    return f"        {pattern})\n            _arguments -s \\\n                {arguments} ;;\n"


def _zsh_flag(flag: Flag) -> str:
    meaning = flag.meaning.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    action = ""
    if flag.takes:
        name = flag.takes.replace(":", "\\:")
        action = f":{name}:" + (f"({' '.join(flag.values)})" if flag.values else "_files" if flag.wants_path else "")
    many = "*" if flag.takes else ""
    out = []
    for name in flag.names:
        sign = "" if not flag.takes else "=" if name.startswith("--") else "+"
        out.append(shlex.quote(f"{many}{name}{sign}[{meaning}]{action}"))
    return " ".join(out)


# -- fish -----------------------------------------------------------------------------------------------------


def _fish() -> str:
    others = " ".join(name for name in COMMANDS if name != "check")
    lines = []
    for name in COMMANDS:
        lines.append(f"complete -c canfar-lint -n __fish_use_subcommand -a {name} -d {shlex.quote(meaning(name))}")
    for command in COMMANDS:
        seen = (
            f"not __fish_seen_subcommand_from {others}"
            if command == "check"
            else f"__fish_seen_subcommand_from {command}"
        )
        start = f"complete -c canfar-lint -n {shlex.quote(seen)}"
        lines += [f"{start} {_fish_flag(flag)}" for flag in flags(command)]
        known, files = words(command)
        if known:
            lines.append(f"{start} -f -a {shlex.quote(' '.join(known))}")
        elif not files:
            lines.append(f"{start} -f")
    return "\n".join(lines) + "\n"


def _fish_flag(flag: Flag) -> str:
    names = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in flag.names)
    takes = ""
    if flag.values:
        takes = f" -x -a {shlex.quote(' '.join(flag.values))}"
    elif flag.takes:
        takes = " -r" if flag.wants_path else " -x"
    return f"{names}{takes} -d {shlex.quote(flag.meaning)}"
