"""Edits in the style of the RUN they change: a word behind a word, a command behind the last one."""

from __future__ import annotations

import re

from canfar_lint.diagnostic import Edit
from canfar_lint.model.dockerfile.model import KEYWORDS, Instruction
from canfar_lint.model.dockerfile.steps import Step
from canfar_lint.model.shell import Script, Word
from canfar_lint.source import newline_in

_LEADING = re.compile(r"\n([ \t]*)&&[ \t]*[^ \t\n]", re.M)
_TRAILING = re.compile(r"&&[ \t]*[\\`][ \t\r]*\n([ \t]*)(?!#)")
_INDENT = re.compile(r"\n([ \t]*)[^ \t\n#]")
_LAST_WORDS = ("exec", "exit", "return")


def insert_after(step: Step, word: Word, option: str) -> Edit:
    """` option` behind a word, or another string of an exec form."""
    if step.run.json is not None and not step.command.blocks:
        return Edit(word.end, word.end, f', "{option}"')
    return Edit(word.end, word.end, f" {option}")


def append(step: Step, command: str) -> Edit | None:
    """An edit that runs `command` once all of the RUN has succeeded; None where that is not plainly possible."""
    run, script = step.run, step.script
    if run.json is not None or script.error or run.line.broken or _swallows(run, script):
        return None
    last = script.commands[-1]
    if last.name in _LAST_WORDS or last.connector == "&" or _unreached(step):
        return None
    if "sudo" in step.command.wrappers:
        command = f"sudo {command}"
    if run.heredocs:
        return _append_to_heredoc(run, step, command)
    text, start, end = run.text, run.start, run.end
    stop = max([last.end, *(block.end for block in script.blocks)])
    tail = text[stop:end]
    if "#" in tail or tail.strip(" \t\r\n;\\`") or text[end - 1] == run.escape:
        return None
    body = text[start:end]
    closed = body.rstrip().endswith(";")
    chained = script.errexit and not closed and _semicolons(step)
    glue = "" if closed else ";" if chained else " &&"
    return Edit(end, end, _joined(run, body, glue, command))


def _swallows(run: Instruction, script: Script) -> bool:
    """An instruction below has become part of it, by a backslash too many (CAN736)."""
    words = (word for command in script.commands for word in command.words if word.value in KEYWORDS)
    return any(not run.text[run.text.rfind("\n", 0, word.start) + 1 : word.start].strip() for word in words)


def _unreached(step: Step) -> bool:
    return step.conditional or step.after_failure or any(b.kind == "background" for b in step.command.blocks)


def _semicolons(step: Step) -> bool:
    """The commands are held together by `;` under `set -e`."""
    connectors = [c.connector for c in step.script.commands if not c.blocks and c.connector]
    return connectors.count(";") > connectors.count("&&")


def _joined(run: Instruction, body: str, glue: str, command: str) -> str:
    """The text behind the last character: on the same line, or on a line of its own as the others have it."""
    if "\n" not in body:
        return f"{glue} {command}"
    newline = newline_in(body)
    broken = f" {run.escape}{newline}"
    leading = _LEADING.findall(body)
    trailing = _TRAILING.findall(body)
    indents = _INDENT.findall(body)
    if glue == " &&" and (leading or not trailing):
        return f"{broken}{(leading or indents)[-1]}&& {command}"
    if glue == " &&":
        return f" &&{broken}{trailing[-1]}{command}"
    return f"{glue}{broken}{indents[-1]}{command}"


def _append_to_heredoc(run: Instruction, step: Step, command: str) -> Edit | None:
    """A line of its own before the terminator, indented as the last one."""
    holder = next((h for h in run.heredocs if h.start <= step.command.start < h.end), None)
    if holder is None or len(run.heredocs) > 1:
        return None
    body = run.text[holder.start : holder.end]
    lines = body.splitlines()
    last = lines[-1] if lines else ""
    if last.rstrip().endswith(("\\", "&", "|")) or last.lstrip().startswith("#") or " #" in last:
        return None
    newline = "\r\n" if body.endswith("\r\n") else "\n"
    indent = last[: len(last) - len(last.lstrip())]
    return Edit(holder.end, holder.end, f"{indent}{command}{newline}")
