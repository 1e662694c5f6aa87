"""Whether a place of a Python text runs only when somebody asked for it, as far as lines and their indentation tell.

A rough and fast `checks._choice.left_to_user` for files that may need no parsing. It answers yes only where that
would: what cannot be told from the lines is not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CONSTANT = rb"(?:None|True|False|-?\d[\d.]*|''|\"\")"
# `model.evaluate`'s names of choices, and `checks._choice`'s of parsed options
_CHOICE = re.compile(
    rb"(?i)(?:^|_)(?:is|do|make|want|with|no)?(?:interactive|show|plot|plots|plotting|display|gui|debug|verbose|"
    rb"headless|batch|silent|quiet|ask|prompt|doplot|showplot|view|visuali[sz]e|pause|ion|noninteractive|isatty|"
    rb"dry_run|force|confirm|yes)(?:_|$)"
)
_OPTIONS = re.compile(rb"(?i)_?(?:args?|pargs|opts?|options?|namespace|config|conf|cfg|flags|params|settings)$")
_TEST = re.compile(rb"(?s)(?:el)?(?:if|while)\b(.*):")
_NEVER = re.compile(rb"(?:el)?(?:if|while)[ \t]+(?:False|0)[ \t]*:")
# asks whether an argument was left out, maybe
_MISSING = re.compile(rb"(?s)(?:el)?if\b.*(?:\blen\(|\w\.\w+[ \t]+is[ \t]+None\b)|while\b.*\blen\(")
_DEFINED = re.compile(rb"(?:async )?def (\w+)")
_TEXT = re.compile(rb"\"[^\"\n]*\"|'[^'\n]*'")
_ASIDE = re.compile(rb"#[^\n]*|\\\n")
_PIECE = re.compile(rb"(?:not\s+)*([\w.]+)\s*((?:==|!=|<=?|>=?|is\b|in\b|not in\b)[^()\[\]{}]*)?")
_HEAD_END = re.compile(rb":[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")
# where a function has surely ended: not at a text that goes over lines
_NEXT = rb"\n[ \t]{0,%d}(?:def |class |async def |@|if __name__)"
# an assignment to a name, and other statements that bind it
_SETS = (
    rb"\n[ \t]*(?:[\w.]+[ \t]*,[ \t]*)*(?:\w+\.)*NAME[ \t]*(?:,[^=\n(]*)?(?::[^=\n,]*(?:\[[^=\n]*)?)?=(?!=)([^\n]*)|"
    rb"(?:;|\n[ \t]*(?:if|el|try|exc|fin|for|while|with)[^\n]*:)[ \t]*(?:\w+\.)*NAME[ \t]*(?::[^=\n]*)?=(?!=)([^\n]*)|"
    rb"=[ \t]*(?:\w+\.)*NAME[ \t]*=(?!=)|\bfor[ \t][^\n]*?\bNAME\b[^\n]*?[ \t]in[ \t]"
)
_BINDS = (
    _SETS + rb"|\bas[ \t]+\(?[^\n:]*\bNAME\b|\bNAME[ \t]*(?:[-+*/%&|^@]|//|<<|>>|\*\*|:)=|\n[ \t]*[(\[*][^\n=]*\bNAME\b"
    rb"[^\n=]*=(?!=)|\b(?:import|global|nonlocal|del)[^\n]*\bNAME\b"
)
# comments, texts over several lines (group 1), other texts
_ASTRAY = re.compile(
    rb"(?s)#[^\n]*|(\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?''')|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
)
_MOST_CALLS, _MOST_DEEP = 16, 3


class _Test(NamedTuple):
    """One name of a condition, and what it is compared with."""

    name: bytes
    compared: bytes


class Asking:
    """Answers for the places of one text; what names are set to is looked for once."""

    __slots__ = ("_handed", "_known", "_plain", "code")

    def __init__(self, code: bytes) -> None:
        self.code = code
        self._plain: bytes | None = None
        self._known: dict[bytes, bool] = {}
        self._handed: dict[bytes, bool] = {}

    def is_asked(self, at: int, shows: str = "", words: str = "", depth: int = 0, window: bool = False) -> bool:
        """Whether a place stands under a condition on a choice of the user, or in a function called only there;
        also in one whose name says that it `shows`, or under a condition with one of the `words`. For a `window`, a
        choice where the function is called must have a name for it."""
        tests: list[_Test] | None = []
        handed: set[bytes] = set()
        blocks = list(_blocks(self.code, at))
        if depth == 0 and any(_MISSING.match(head) for _, head, _ in blocks):
            return False
        for start, head, otherwise in blocks:
            function = _DEFINED.match(head)
            if function is not None:
                if shows and re.search(shows.encode(), function[1].lower()):
                    return True
                if tests is not None and self._is_left(start, head, tests, depth, window):
                    return True
                shows, tests = "", None
                handed -= {name for name in handed if re.search(rb"\b%s\b" % name, head)}
            elif _TEST.match(head):
                if words and re.search(words.encode(), head):
                    return True
                found = list(_tests(head))
                chosen = [test.name for test in found if self._is_choice(test)]
                if (_NEVER.match(head) and not otherwise) or not all(map(self._is_handed, chosen)):
                    return True
                handed.update(chosen)
                if tests is not None:
                    tests += found
        return bool(handed)

    def _is_choice(self, test: _Test) -> bool:
        word = test.name.rpartition(b".")[2]
        return _CHOICE.search(word) is not None and not self._is_set(word)

    def _is_handed(self, name: bytes) -> bool:
        """Whether some call may say `True` for a parameter of that name."""
        if name not in self._handed:
            said = re.finditer(rb"(?<![\w.])%s\s*=\s*True\b" % re.escape(name), self.code if b"." not in name else b"")
            lines = (self.code[self.code.rfind(b"\n", 0, at.start()) : at.start()] for at in said)
            self._handed[name] = any(b"def " not in line for line in lines)
        return self._handed[name]

    def _is_set(self, name: bytes) -> bool:
        """Whether the file may give a name a value of its own; not by handing on what it was given under it."""
        if name not in self._known:
            self._known[name] = False
            given, plain = _given(_SETS, name, self.code), name.lstrip(b"_")
            same = re.compile(rb"[ \t]*(?:\w+\.)*%s(?: or [\w.]+)?[ \t]*" % re.escape(plain))
            own = b"def %s(" % name in self.code or (plain != name and self._is_set(plain))
            self._known[name] = len(given) > 1 or any(own or not same.fullmatch(value) for value in given)
        return self._known[name]

    def _is_left(self, start: int, head: bytes, tests: list[_Test], depth: int, window: bool) -> bool:
        """Whether a function leaves a place in it to who calls it: by a parameter, or by where it is called."""
        steps = window and depth > 0
        if not steps and any(self._is_parameter(start, head, test) for test in tests):
            return True
        name = _DEFINED.match(head)
        if name is None or self.code[start : start + 1] in (b" ", b"\t") or depth >= _MOST_DEEP:
            return False
        return self._is_asked_where_called(name[1], depth, window)

    def _is_parameter(self, start: int, head: bytes, test: _Test) -> bool:
        """Whether a condition asks for a parameter that has a default, or for one of the options that are one."""
        name, dot, member = test.name.partition(b".")
        default = rb"" if dot else rb"=\s*(?:" + _CONSTANT + rb"|'[^'\n]*'|\"[^\"\n]*\")\s*"
        if dot and not (_OPTIONS.match(name) and b"." not in member and _is_constant(test.compared)):
            return False
        if not re.search(rb"[(,]\s*%s\s*(?::[^,=()]*)?%s[,)]" % (re.escape(name), default), head):
            return False
        if self._is_handed(name):
            return False
        body = self._body(start, start + len(head))
        return not _given(_BINDS, name, body)

    def _body(self, start: int, end: int) -> bytes:
        """The lines of a function behind its head, or more than these."""
        indent = _indent(self.code[start:end])
        end += indent
        following = re.compile(_NEXT % indent).search(self.code, end)
        return b"\n" + self.code[end : following.start() if following else len(self.code)]

    def _is_asked_where_called(self, name: bytes, depth: int, window: bool) -> bool:
        """Whether a function is called here, each time only when asked for, and not named otherwise."""
        if self.code.count(name + b"(") < 2:
            return False
        code = self.plain
        places = [m.start() for m in re.finditer(rb"%s\b(?<!\w%s)" % (name, name), code)]
        calls = [at for at in places if not code.startswith(b"def ", at - 4)]
        if not calls or len(calls) > _MOST_CALLS or len(places) - len(calls) != 1:
            return False
        return all(self._is_plain_call(at, name) and self.is_asked(at, depth=depth + 1, window=window) for at in calls)

    @property
    def plain(self) -> bytes:
        """The text with blanks for texts over several lines, in which nothing is called."""
        if self._plain is None:
            self._plain = _ASTRAY.sub(_blanked, self.code)
        return self._plain

    def _is_plain_call(self, at: int, name: bytes) -> bool:
        line = self.code[self.code.rfind(b"\n", 0, at) + 1 : at]
        return self.code[at + len(name) : at + len(name) + 1] == b"(" and not (
            set(line) & set(b"\"'#:") or line.endswith(b".")
        )


def _blanked(found: re.Match[bytes]) -> bytes:
    text = found[0]
    in_f = found.string[max(0, found.start() - 2) : found.start()].lower().strip(b"r")[-1:] == b"f"
    return text if found[1] is None or in_f else b" " * len(text)


def _blocks(code: bytes, at: int) -> Iterator[tuple[int, bytes, bool]]:
    """The heads of the blocks a place stands in, innermost first: where they begin, and whether the place is in what
    runs otherwise. The conditions before an `else` or `elif` are among them."""
    start = code.rfind(b"\n", 0, at) + 1
    most, otherwise = _indent(code[start:at]) - 1, False
    within = b" " * (most + 1)
    while most >= 0 and start > 1:
        end = start - 1
        start = code.rfind(b"\n", 0, end) + 1
        if code.startswith(within, start):  # most lines: what follows takes longer
            continue
        line = code[start:end]
        indent = _indent(line)
        if indent > most or not line.strip():
            continue
        text = line[indent:]
        # a head that ends here began above, in the same column
        closes = text[:1] in (b")", b"]", b"}")
        if not closes:
            yield start, _head(code, start + indent, end), otherwise
        follows = text.startswith((b"else", b"elif", b"except", b"finally"))
        most = indent if closes or follows else indent - 1
        within = b" " * (most + 1)
        otherwise = follows or (closes and otherwise)


def _head(code: bytes, start: int, end: int) -> bytes:
    """A block's head, up to the line that ends with its colon."""
    found = _HEAD_END.search(code, start, start + 4000)
    return code[start : found.start() + 1] if found else code[start:end]


def _tests(head: bytes) -> Iterator[_Test]:
    """The names that a condition, or a part of it between `and` and `or`, asks for."""
    found = _TEST.match(head)
    test = _ASIDE.sub(b" ", _TEXT.sub(b"''", found[1])) if found else b""
    test = test.strip()
    if test[:1] == b"(" and test[-1:] == b")" and b"(" not in test[1:]:
        test = test[1:-1]
    if re.search(rb"\b(?:if|lambda)\b", test):
        return
    depth = 0
    part = b""
    for word in re.split(rb"(\b(?:and|or)\b|[()\[\]{}])", test):
        depth += (word in (b"(", b"[", b"{")) - (word in (b")", b"]", b"}"))
        if depth == 0 and word in (b"and", b"or"):
            yield from _piece(part)
            part = b""
        else:
            part += word
    yield from _piece(part)


def _piece(part: bytes) -> Iterator[_Test]:
    found = _PIECE.fullmatch(part.strip())
    if found:
        yield _Test(found[1], found[2] or b"")


def _is_constant(compared: bytes) -> bool:
    return not compared or re.fullmatch(rb"(?:==|!=|<=?|>=?|is(?: not)?)\s*" + _CONSTANT, compared.strip()) is not None


def _given(pattern: bytes, name: bytes, code: bytes) -> list[bytes]:
    """What statements bind a name to; no arguments and parameters, which look alike on lines of their own."""
    from canfar_lint.triggers import lines_with

    found = []
    for match in re.finditer(pattern.replace(b"NAME", re.escape(name)), lines_with(code, name)):
        value = match[1] if match[1] is not None else match[2]
        line = _ASIDE.sub(b"", _TEXT.sub(b"", match[0])).strip()
        if value is not None and (line.endswith((b",", b":")) or _closes(line)):
            continue
        found.append(value or b"")
    return found


def _closes(line: bytes) -> bool:
    """Whether a line ends brackets that it does not begin."""
    return sum(map(line.count, (b")", b"]", b"}"))) > sum(map(line.count, (b"(", b"[", b"{")))


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))
