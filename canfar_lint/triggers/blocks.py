"""What stands in what in a Python text, told from its indentation alone: whether a call may run in every turn of a
loop, or in a run of its file as a script; whether what it opens is closed.

What is said here is never less than what the model finds: `PythonModule.loops`, `.callers`, `.is_script` and
`.on_main_path`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from canfar_lint.triggers.expression import Expression

# each takes a search of the file for a function's name; a file with more is let through
_MOST_PLACES = 128
_LARGE = 500_000
# each takes a look around it alone
_MOST_LOCAL = 8192
_FAR = 20_000
_FEW_LINES = 4
_MOST_LINES = 200
_MOST_BEFORE = 400
_DOTTED = bytes(c for c in range(128) if chr(c).isalnum() or c in b"_.")
_HEADER = re.compile(
    rb"\n([ \t]*)(?=[acdefimtw])(?:async[ \t]+)?"
    rb"(def|class|for|while|if|elif|else|try|except|finally|with|match|case)\b[ \t]*(.*)"
)
_BLOCK_OPENS = re.compile(rb"(?::[ \t]*(?:#.*)?|\\)\r?\Z")
_TEXTS = re.compile(
    rb"(\"\"\"[^\"\\]*(?:(?:\\.|\"(?!\"\"))[^\"\\]*)*\"\"\"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*''')|"
    rb"\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|#[^\n]*",
    re.DOTALL,
)
_NO_WORD = frozenset((b"",)).union(bytes((c,)) for c in range(128) if not (chr(c).isalnum() or c == 95))
_LOOPS = frozenset((b"for", b"while"))
_GUARDS = frozenset((b"if", b"elif", b"while", b"except", b"case"))
_CONTINUED = re.compile(rb"[(\[{,\\=+\-*/%&|<>^~@][ \t]*(?:#.*)?\r?\Z")
_CONTINUES = re.compile(
    rb"[ \t]*(?:[.)\]},+\-*/%&|<>=^\"']|(?:and|or|in|is|not|as|if|else|for)\b(?!.*:[ \t]*(?:#.*)?\r?\Z))"
)
# `if a: b()` may be a statement of its own, or go on with an expression that has a slice or a lambda
_EITHER = re.compile(rb"[ \t]*(?:if|else|for)\b.*:")
_FOR, _WHILE, _NAME = (re.compile(rb"\bfor\b"), re.compile(rb"\bwhile\b"), re.compile(rb"\w+"))
_OPENING, _CLOSING = (re.compile(rb"[(\[{]"), re.compile(rb"[)\]}]"))
_CALLED, _HANDED, _ENDS = (
    re.compile(rb"[ \t]*\("),
    re.compile(rb"\s*[(,)]"),
    re.compile(rb"[ \t]*(?:[,;)#\\]|\r?\n|\Z)"),
)
_ASSIGNED = re.compile(rb"[ \t]*[\w.]+[ \t]*(?:,[\w., \t]*)?=(?!=)[ \t(]*[\w., \t]*\Z")
_TEXT = rb"[^()\"'#\\]|\"[^\"\n\\]*\"|'[^'\n\\]*'"
_ARGUMENTS = re.compile(rb"\((?:%s|\((?:%s|\((?:%s|\((?:%s)*\))*\))*\))*\)" % (_TEXT, _TEXT, _TEXT, _TEXT))
_NAMED = re.compile(rb"[ \t]*(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*")
_TESTS_OF_CLASSES = (b"isinstance(", b"issubclass(")
# what is opened in a `with`, returned, or kept in an attribute or by whom it is given as a keyword
_GIVEN_AWAY = re.compile(
    rb"[ \t]*(?:(?:async )?with|return|yield)[ \t(]+|[ \t]*(?:async )?with\b.* as \w+,[ \t]*|"
    rb"[ \t]*[\w.]+\.\w+[ \t]*=[ \t]*|.*[(,][ \t]*\w+=[ \t]*"
)
_CLOSING_IT = re.compile(rb"\.(?:close|closed|detach|__exit__)\b")
_KEEPING = re.compile(rb"[ \t]*(?:(?:return|yield|with|del)[ \t]+(?:\w+,[ \t]*)*|[\w.]+[ \t]*=[ \t]*)")
# a name behind these is bound, or may be; so is one that stands first, or in a list of names, and has a value after it
_BINDS = re.compile(rb"\bas[ \t]+\Z|\bfor[ \t]+[\w, \t(]*\Z")
_LISTED = re.compile(rb"[ \t]*(?:\(?[\w.\[\]]+[ \t]*[,=][ \t]*)*")
_BECOMES = re.compile(rb"[ \t]*(?:,[\w., \t\[\])]*)?(?::[^=\n]+)?:?=(?!=)")
_KEPT = re.compile(rb"[ \t]*(?:[,:#\n]|\r?\n|\Z|as\b)")
# statements at the left margin that do work: see `PythonModule.is_script`
_WORKS = re.compile(
    rb"\n(?:(?:for|while|with|async|print|exec)\b|[(\[{]|[\"'].*[\"']\.\w)|"
    rb"(?:\n|;[ \t]*)(?!(?:def|class|import|from|if|elif|else|except|return|raise|del|assert|warnings\.|logging\.|"
    rb"sys\.path\.|os\.environ\.|matplotlib\.use)\b)[^\W\d](?:[^\n=(]|\\\n)*\("
)
_MAIN_GUARD = re.compile(rb"\nif\b(?:[^:]|:(?!\s))*__name__")
_WORKING = r"(?:parse_args|ArgumentParser|read_csv|getdata|glob)"
_WORKS_ASSIGNED = re.compile(rf"\n[^\W\d][^\n=(]*=[(\s]*(?:[\w.]*\b{_WORKING}|(?:[\w.]*\.)?open)\(".encode())
_RENAMED_WORKER = Expression(
    rf"\bfits import .*open|\bfits\.open(?![\w(])|\b{_WORKING}(?: as\b|,|[ \t]*\)|(?<!glob)\n)"
)
# lines at the left margin
_MARGIN = re.compile(rb"\n(?![ \t#\r\n]).*(?:(?<=\\)\n.*)*")


class _Block(NamedTuple):
    """A compound statement: where its line starts, its indentation, keyword and name, and what it stands in."""

    start: int
    indent: int
    keyword: bytes
    name: bytes
    parent: _Block | None


class Blocks:
    """The compound statements of a Python text, and what they say of the places in it."""

    __slots__ = ("_blocks", "_known", "_script", "_shebang", "code")

    def __init__(self, code: bytes, data: bytes) -> None:
        """`data` is all of the file, with its first line."""
        self.code = _without_texts(code)
        self._blocks: list[_Block] = []
        self._known: list[int] | None = None
        self._shebang = data[:5].lstrip(b"\xef\xbb\xbf").startswith(b"#!")
        self._script: bool | None = None

    def may_recur(self, words: Iterable[bytes], stretches: Iterable[bytes], pattern: Expression | None) -> bool:
        """Whether a call of one of the words, a stretch or what the expression finds may be in the body of a `for`
        without a condition between, or a call of the function around it; in a script also whether either may be
        outside of functions."""
        places = [*map(_begin, pattern.finditer(self.code))] if pattern else []
        places += [at for stretch in stretches for at, _ in self._places(stretch)]
        for word in words:
            for at, end in self._places(word):
                if _CALLED.match(self.code, end):
                    places.append(at)
                elif self._is_renamed(at, end):
                    return True
        return self._repeats(places, False) or (self.script and self._repeats(places, True))

    def may_run(self, pattern: Expression) -> bool:
        """Whether something an expression finds may be outside of functions or in one that is called from there."""
        places = [*map(_begin, pattern.finditer(self.code))]
        return not places or self._repeats(places, True)

    def _repeats(self, places: Iterable[int], once: bool) -> bool:
        """Whether a place or a call of the function around it, and so on, may be in a loop; or, `once`, outside of all
        functions."""
        todo = [*places]
        known: set[bytes] = set()
        most = _MOST_PLACES if len(self.code) > _LARGE else 8 * _MOST_PLACES
        for number, at in enumerate(todo):
            function = self._around(at, once) if number < most else None
            if function is None or (once and not function):
                return True
            for name in function - known:
                todo += [at for at, end in self._places(name) if self._is_mentioned(at, end)]
            known |= function
        return False

    def may_be_looped(self, pattern: Expression) -> bool:
        """Whether what an expression finds may be in the body of a loop of the function (or module) around it."""
        places = [*map(_begin, islice(pattern.finditer(self.code), _MOST_LOCAL))]
        return len(places) == _MOST_LOCAL or any(map(self._may_be_looped, places))

    def _may_be_looped(self, at: int) -> bool:
        start = self._statement(at)
        if start is None or self._may_be_repeated_inside(start, at) or _WHILE.search(self.code, start, at):
            return True
        block = self._enclosing(start)
        while block is not None and block.keyword != b"def":
            if block.keyword in _LOOPS:
                return True
            block = block.parent
        return False

    def may_be_fed(self, pattern: Expression) -> bool:
        """Whether what an expression finds may be in a function that is called in the body of a loop, or in one that
        such a function calls, and so on."""
        todo = [*map(_begin, islice(pattern.finditer(self.code), _MOST_PLACES))]
        known: set[bytes] = set()
        for number, at in enumerate(todo):
            function = self._around(at, True) if number < _MOST_PLACES else None
            if function is None:
                return True
            called = [at for name in function - known for at, end in self._places(name) if self._is_mentioned(at, end)]
            known |= function
            if any(map(self._may_be_looped, called)):
                return True
            todo += called
        return False

    def may_be_left(self, pattern: Expression) -> bool:
        """Whether what a call opens may be used on the spot, or get a name of which the function around neither closes
        nor hands it on. The expression finds calls, to the bracket that opens their arguments."""
        looked_for = 0
        for number, call in enumerate(pattern.finditer(self.code)):
            name = self._name_given(call.start(), call.end() - 1)
            looked_for += bool(name)
            if name is None or number == _MOST_LOCAL or looked_for > _MOST_PLACES:
                return True
            if name and not self._is_taken_care_of(call.start(), name):
                return True
        return False

    def _name_given(self, at: int, opening: int) -> bytes | None:
        """The name that what a call opens is given, none where it is given away at once; None where it may be left."""
        before = self.code[self.code.rfind(b"\n", 0, at) + 1 : at].rstrip(_DOTTED)
        arguments = _ARGUMENTS.match(self.code, opening)
        if (
            arguments is None
            or len(before) > _MOST_BEFORE
            or self.code[arguments.end() : arguments.end() + 80].lstrip()[:1] in (b".", b"[")
        ):
            return None
        named = _NAMED.fullmatch(before)
        if named is not None:
            return bytes(named[1])
        return None if _GIVEN_AWAY.fullmatch(before) is None else b""

    def _is_taken_care_of(self, at: int, name: bytes) -> bool:
        """Whether the function around a place closes what has a name, or hands it on, before the name is bound again,
        and in the same turn of a loop."""
        block = self._enclosing(self.code.rfind(b"\n", 0, at))
        around = list(_chain(block))
        loop = next((each for each in around if each is not None and each.keyword in _LOOPS), None)
        for place, end in self._places(name, at):
            if self._is_bound(place, end):
                return False
            if self._is_kept(place, end) and self._scope(place) is self._scope(at):
                within = list(_chain(self._enclosing(self.code.rfind(b"\n", 0, place))))
                if (block in within or within[0] in around) and (loop is None or loop in within):
                    return True
        return False

    def _is_bound(self, at: int, end: int) -> bool:
        """Whether a name is bound at a place."""
        before = self.code[self.code.rfind(b"\n", 0, at) + 1 : at]
        if _BINDS.search(before) is not None:
            return True
        return _LISTED.fullmatch(before) is not None and _BECOMES.match(self.code, end) is not None

    def _is_kept(self, at: int, end: int) -> bool:
        """Whether a statement on a line of its own closes what has a name, or hands it on as it is."""
        start = self.code.rfind(b"\n", 0, at)
        before = self.code[start + 1 : at]
        if before.strip():
            kept = _KEEPING.fullmatch(before) is not None and _KEPT.match(self.code, end) is not None
        else:
            kept = _CLOSING_IT.match(self.code, end) is not None
        return kept and self._statement(at) == start and not self._is_behind_return(start)

    def _is_behind_return(self, start: int) -> bool:
        """Whether one of the last lines above, in the same block, returns from it: nothing comes to this one."""
        indent = _indent(self.code, start)
        for _ in range(_FEW_LINES):
            above = self.code.rfind(b"\n", 0, start)
            if above < 0 or _indent(self.code, above) != indent:
                return False
            if self.code[above + 1 : start].lstrip().startswith(b"return "):
                return True
            start = above
        return False

    def _scope(self, at: int) -> _Block | None:
        """The function or class around a line."""
        block = self._enclosing(self.code.rfind(b"\n", 0, at))
        while block is not None and block.keyword not in (b"def", b"class"):
            block = block.parent
        return block

    @property
    def _starts(self) -> list[int]:
        """Where the compound statements start; told when it is asked for."""
        if self._known is None:
            self._blocks = _blocks(self.code)
            self._known = [block.start for block in self._blocks]
        return self._known

    @property
    def script(self) -> bool:
        """Whether running the file may do work."""
        if self._script is None:
            self._script = self._shebang or _is_script(self.code)
        return self._script

    def _places(self, text: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
        """Where a text begins and ends; a word only where it stands as a whole."""
        code, size, word = self.code, len(text), text[:1] not in _NO_WORD
        at = code.find(text, start)
        while at >= 0:
            if not word or (code[at - 1 : at] in _NO_WORD and code[at + size : at + size + 1] in _NO_WORD):
                yield at, at + size
            at = code.find(text, at + size)

    def _is_renamed(self, at: int, end: int) -> bool:
        """Whether a word is imported or assigned under another name."""
        line = self.code[self.code.rfind(b"\n", 0, at) + 1 : at]
        return self.code.startswith(b" as ", end) or (
            _ASSIGNED.match(line) is not None and _ENDS.match(self.code, end) is not None
        )

    def _is_mentioned(self, at: int, end: int) -> bool:
        """Whether a function is called at a place, or handed on."""
        bare = self.code[at - 1 : at]
        if (_CALLED if bare == b"." else _HANDED).match(self.code, end) is None or bare in (b'"', b"'"):
            return False
        before = self.code[self.code.rfind(b"\n", 0, at) + 1 : at]
        if before.endswith((b"def ", b"class ")) or before.startswith(b"class "):
            return False
        return max(map(before.rfind, _TESTS_OF_CLASSES)) <= before.rfind(b")")

    def _around(self, at: int, once: bool) -> frozenset[bytes] | None:
        """The names that a call of the function around a place may use, none outside of functions; None for what may
        be in a loop, unless it is to run `once`."""
        start = self._statement(at)
        if start is None or (not once and self._may_be_repeated_inside(start, at)):
            return None
        guarded = once
        block = self._enclosing(start)
        own = _HEADER.match(self.code, start)
        if own and own[2] == b"def":
            name = _NAME.match(own[3])
            return _names(name[0] if name else b"?", block, once)
        while block is not None:
            if block.keyword == b"for" and not guarded:
                return None
            if block.keyword == b"def":
                return _names(block.name, block.parent, once)
            guarded = guarded or block.keyword in _GUARDS
            block = block.parent
        return frozenset()

    def _enclosing(self, start: int) -> _Block | None:
        """The compound statement that a line stands in."""
        indent = _indent(self.code, start)
        index = bisect_right(self._starts, start) - 1
        block = self._blocks[index] if index >= 0 else None
        while block is not None and block.indent >= indent:
            block = block.parent
        return block

    def _statement(self, at: int) -> int | None:
        """The newline before the statement that a place may be in; None when that is far, or not to be told."""
        code = self.code
        start = code.rfind(b"\n", 0, at)
        end = code.find(b"\n", at)
        line = code[start + 1 : end if end >= 0 else len(code)]
        for _ in range(_MOST_LINES):
            above = start
            before = b""
            while above > 0 and not before.strip():
                end, above = above, code.rfind(b"\n", 0, above)
                before = code[above + 1 : end]
            if above <= 0 and not before.strip():
                return start
            if not (_CONTINUES.match(line) or _CONTINUED.search(before)):
                return start
            if _EITHER.match(line):
                return None
            start, line = above, before
        return None

    def _may_be_repeated_inside(self, start: int, at: int) -> bool:
        """Whether a place stands on the line of a `for`, or in brackets that may be a comprehension's."""
        before = self.code[start:at]
        end = self.code.find(b"\n", at)
        if _FOR.search(before) or _FOR.search(self.code, at, end if end >= 0 else len(self.code)):
            return True
        if b"\n" not in before[1:] and len(_OPENING.findall(before)) <= len(_CLOSING.findall(before)):
            return False
        index = bisect_right(self._starts, at)
        following = islice(self._blocks, index, None)
        # the `for` of a comprehension looks like a statement where its line opens a bracket
        sure = next((block.start for block in following if block.keyword not in (b"for", b"if")), len(self.code))
        return sure - at > _FAR or _FOR.search(self.code, at, sure) is not None


def _begin(found: re.Match[bytes]) -> int:
    """Where something found begins, behind the end of the line before."""
    text = found[0]
    return found.end() - len(text.lstrip()) if text[:1] == b"\n" else found.start()


def _chain(block: _Block | None) -> Iterator[_Block | None]:
    """A compound statement, those it stands in, and None for the text around them."""
    while block is not None:
        yield block
        block = block.parent
    yield None


def _names(name: bytes, block: _Block | None, once: bool) -> frozenset[bytes]:
    """A function's name, or that of the class it makes objects of, which may then run `once` all it defines."""
    while block is not None and block.keyword not in (b"class", b"def"):
        block = block.parent
    if block is None or block.keyword != b"class" or not (once or name == b"__init__"):
        return frozenset((name,))
    return frozenset((name, block.name))


def _blocks(code: bytes) -> list[_Block]:
    blocks: list[_Block] = []
    around: list[_Block] = []
    for match in _HEADER.finditer(code):
        margin, keyword, rest = match.groups()
        if rest[-1:] != b":" and not _may_open(rest):
            continue
        indent = len(margin.expandtabs() if b"\t" in margin else margin)
        while around and around[-1].indent >= indent:
            around.pop()
        name = _NAME.match(rest) if keyword in (b"def", b"class") else None
        block = _Block(match.start(), indent, keyword, name[0] if name else b"?", around[-1] if around else None)
        around.append(block)
        blocks.append(block)
    return blocks


def _may_open(rest: bytes) -> bool:
    """Whether a header may go on, or a block follow, behind a line."""
    return _BLOCK_OPENS.search(rest) is not None or len(_OPENING.findall(rest)) > len(_CLOSING.findall(rest))


def _indent(code: bytes, start: int) -> int:
    line = code[start + 1 : start + 200].expandtabs()
    return len(line) - len(line.lstrip(b" "))


def _is_script(code: bytes) -> bool:
    if b"argv" in code or _MAIN_GUARD.search(code) is not None or _RENAMED_WORKER.search(code) is not None:
        return True
    margin = b"".join(_MARGIN.findall(code))
    return _WORKS.search(margin) is not None or _WORKS_ASSIGNED.search(code) is not None


def _without_texts(code: bytes) -> bytes:
    """The text without strings in three quotes, whose lines may look like code."""
    quotes, others = (b"'''", b'"""') if b"'''" in code else (b'"""', b"'''")
    parts = code.split(quotes)
    if len(parts) == 1:
        return code
    if others in code or len(parts) % 2 == 0 or any(map(_is_within, parts[::2], parts[1::2])):
        return _TEXTS.sub(lambda match: b'""' if match[1] else match[0], code)
    return b'""'.join(parts[::2])


def _is_within(before: bytes, text: bytes) -> bool:
    """Whether the three quotes between two stretches may stand in a comment or string, or do not end one."""
    line = before[before.rfind(b"\n") + 1 :]
    return b"#" in line or line.count(b'"') % 2 == 1 or line.count(b"'") % 2 == 1 or text.endswith(b"\\")
