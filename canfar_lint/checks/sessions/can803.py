"""Shell syntax in a command that no shell reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import pieces, runs_command
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import COMMAND_LINE, Given, Request

_OPERATORS = frozenset(("&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "&>", "2>&1", "|&"))
_REDIRECT = re.compile(r"(\d|&)?>>?(?![=\d])")
_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "ksh"))
_OF_SHELL = re.compile(r"-l?c|-[a-z]*c")
_EXPANDED = re.compile(r"(?<!\\)\$|\\\$(?!\(\w+\))")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if not runs_command(request):
        return
    for field in ("cmd", "args"):
        given = request.fields.get(field)
        if given is None:
            continue
        found = _wrong(request, field, given)
        if found is not None:
            variant, seen, span = found
            yield rule.finding(span, variant=variant, seen=seen)
            return


def _wrong(request: Request, field: str, given: Given) -> tuple[str, str, tuple[int, int]] | None:
    """What is wrong with a text first of all, worst first: the variant, what was seen, and where."""
    text = given.sure
    if request.surface == COMMAND_LINE and field == "args":
        return _on_command_line(request)
    if "$" in text and (match := _EXPANDED.search(text)):
        return "dollar", text[match.start() : match.start() + 20], given.span
    if '"' in text:
        return "quote", '"', given.span
    if text.endswith("\\"):
        return "backslash", "\\", given.span
    if field == "cmd":
        return None
    return _in_words(request, text, given.span)


def _in_words(request: Request, text: str, span: tuple[int, int]) -> tuple[str, str, tuple[int, int]] | None:
    words = text.split(" ")
    shell = (request.text("cmd") or "").rpartition("/")[2] in _SHELLS
    if shell and len(words) > 2 and _OF_SHELL.fullmatch(words[0]) and not text.endswith("{}"):
        return "shell -c", text, span
    for word in words:
        if word.startswith("'") or (word.endswith("'") and "'" not in word[:-1]) or "='" in word:
            return "quote", "'", span
        operator = _operator(word)
        if operator:
            return "operator", operator, span
    if "" in words[:-1] or "\n" in text.strip() or "\t" in text:
        return ("line", "", span) if "\n" in text.strip() else ("blanks", "", span)
    for word in words:
        if word == "*" or word.startswith("~/") or word == "~" or ("/*" in word and "://" not in word):
            return "unexpanded", word, span
    return None


def _operator(word: str) -> str:
    if word in _OPERATORS:
        return word
    match = _REDIRECT.match(word)
    if match is not None and len(word) > match.end():
        return match.group()
    if word.endswith(";") and not word.startswith("\\"):
        return ";"
    return "&&" if "&&" in word and "://" not in word else ""


def _on_command_line(request: Request) -> tuple[str, str, tuple[int, int]] | None:
    """The shell that reads the line splits it and takes the quotes off; the client joins it with blanks again."""
    for word, span in list(pieces(request))[1:]:
        if "$" in word and _EXPANDED.search(word):
            return "dollar", word[:20], span
        if '"' in word:
            return "quote", '"', span
    for one in request.words[1:]:
        if one.value is not None and " " in one.value.strip():
            return "quoted words", one.value, one.span
        if one.value is not None and one.quoted and (operator := _operator(one.value)):
            return "operator", operator, one.span
    return None
