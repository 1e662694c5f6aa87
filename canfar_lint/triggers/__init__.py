"""Which rules can find anything in a file at all, told from its bytes: most files need no parsing.

A rule's triggers, any of which lets it run:

`memmap`            a word (identifier) of the file, for Python and notebooks; elsewhere any stretch of its bytes
`fits memmap`       all of these words
`plt.show`          these words, joined by a dot, or by the first of them being renamed or imported from
`/arc/`, `*_THREADS`  bytes anywhere; the star only says that it is no whole word
`re:n_jobs\\s*=`    a regular expression over the bytes
`n_jobs|*orkers & re:…`  a regular expression, tried only where one of these words or stretches occurs, and so on for
                    each part between ampersands, which may be expressions too; unanchored ones cost
                    a second a hundred megabytes
`@main & re:…`      what the last expression finds only where it runs when a Python file is run as a script: outside
                    of functions, or in one that is called from there
`@reached & re:…`   the same, or anywhere in a file that calls none of its functions when it is run, or does no work
                    then: they are there for others; nothing but `@main` where nobody asked for the rule's advice
`@outside & re:…`   what the last expression finds only outside of functions; with `@script` only in files of which
                    a run does any work
`@ends fits|csv & …` only where a text ends in one of these suffixes, in any case; before what is asked for besides
`@quoted & re:…`    only from the first quote of a line on: expressions about texts are faster there
`*open( & @lines & re:…`  only on lines that hold one of the stretches named before
`@unasked & re:…`   only where it does not stand under `if debug:` or the like, which nothing in the file sets, nor in
                    a function called only there; with `@unasked (show|plot)` nor in one of such a name, where
                    none of them runs as `@main` has it, and where it is called only a condition that is named for
                    it counts; a parameter that a call sets to `True` is no condition; with
                    `@unless (ipython)` nor under a condition with such words
`@known 1e8 & re:…(…)`  only where each name in the group is given a number somewhere in the file, or numbers are
                    large, and all of the group multiplied may be as much as that
`a|*b( & @turns & …`  only where one of the first of these is called in the body of a `for` with no condition
                    between, or so is the function around it; or in a script, outside of functions or in one that is
                    called there. With `@turns c|*d(` these count as well, though they are not asked for, with
                    `@turns re:…` what that finds in place of all
`@looped re:…`      only where what that finds may be in the body of a loop of the function around
`@fed re:…`         only where what that finds may be in a function that is called in the body of a loop
`@left re:…\\(`      only where a call so found is used on the spot, or has a name which the function around neither
                    closes nor hands on
`sh: [...]`         triggers of the shell side alone (`py:` of the Python side), which Python files that start no
                    programs need not be searched for; `script:` those of shell files and cells, which say nothing
                    of the commands in Python's texts; `advice:` what only findings at that level need, left out where
                    nobody asked for the rule's advice

In Python they are looked for outside of docstrings and comment lines (but `#…`, which is looked for everywhere).
Every line, the first one too, has a newline before it: `\\n` is a faster `(?m)^`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from keyword import kwlist
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.source import NOTEBOOK, PYTHON
from canfar_lint.triggers.expression import NO_WORD, Expression
from canfar_lint.triggers.vocabulary import Vocabulary, ask, is_asked, vocabulary

if TYPE_CHECKING:
    from canfar_lint.triggers.asked import Asking
    from canfar_lint.triggers.blocks import Blocks

_Rules = dict[str, Rule]

_WORD = re.compile(r"\w+(?: \w+)*")
_MEMBER = re.compile(r"\w+(?:\.\w+)+")
# a function's first line and what is indented below it; the head of a function or class, and its name
_BODY = r"(\n([ \t]*)(?:async )?def .*)(?:\n(?:\2[ \t]+.*|\2\).*|[ \t]*(?=\n)))*"
_HEADER = r"\n[ \t]*(?:(?:async )?def \w+|class \w+.*|__all__\s*\+?=\s*[\[(][^\])]*)"
_MENTION = r"(?<![\w\"'.])(\w+)\s*[(,)\n]"
_ONE_QUOTE = bytes.maketrans(b"'", b'"')
_ENDING = re.compile(rb"\.(\w{1,12})\\?[\"']")
_COMMENT_LINE = re.compile(rb"\n[ \t]*#.*")
# a blank before the bracket of a call, `open (name)`: the literal first, which is found soonest; words by length
_BLANK_BEFORE_CALL = (
    r" \((?<=\w \()(?<!\b(?:if|in|is|or) \()(?<!\b(?:and|not|for|del) \()(?<!\b(?:elif|with|from) \()"
    r"(?<!\b(?:while|yield|raise|print|await) \()(?<!\b(?:return|import|assert|except|lambda) \()"
)


class Content:
    """A file's bytes as triggers see them: what of them is code, and the words in it."""

    __slots__ = (
        "_asking",
        "_blocks",
        "_crammed",
        "_endings",
        "_lines",
        "_outside",
        "_quoted",
        "_runs",
        "_vocabulary",
        "code",
        "data",
        "kind",
        "words",
    )

    def __init__(self, data: bytes, kind: str) -> None:
        self.data = data
        self.kind = kind
        self.code = python_code(data) if kind == PYTHON else b"\n" + data
        self.words = frozenset(self.code.translate(NO_WORD).split())
        self._asking: Asking | None = None
        self._quoted: bytes | None = None
        self._vocabulary: Vocabulary | None = None
        self._crammed: bool | None = None
        self._endings: dict[bytes, set[bytes]] | None = None
        self._lines: dict[tuple[bytes, bool], bytes] = {}
        self._outside: bytes | None = None if kind == PYTHON else self.code
        self._runs: bool | None = None
        self._blocks: Blocks | None = None

    @property
    def quoted(self) -> bytes:
        """Every line from its first quote on."""
        if self._quoted is None:
            self._quoted = _from_quotes(self.code)
        return self._quoted

    @property
    def endings(self) -> dict[bytes, set[bytes]]:
        """What follows the last dot of texts, by what that is in small letters."""
        if self._endings is None:
            self._endings = {}
            for ending in set(_ENDING.findall(self.texts)):
                self._endings.setdefault(ending.lower(), set()).add(ending)
        return self._endings

    @property
    def texts(self) -> bytes:
        """What may hold texts: every line from its first quote on, or all where a text may go over lines."""
        over = b'"""' in self.code or b"'''" in self.code or b"\\\n" in self.code or b"\\\r" in self.code
        return self.code if over else self.quoted

    def lines(self, stretch: bytes, quoted: bool = False) -> bytes:
        """The lines that hold a stretch; from their first quote on when they are to be `quoted`."""
        key = stretch, quoted
        if key not in self._lines:
            self._lines[key] = lines_with(self.quoted if quoted else self.code, stretch)
        return self._lines[key]

    @property
    def crammed(self) -> bool:
        """Whether some line is so long that an expression may take more than it saves: its time grows with the square
        of a line's length."""
        if self._crammed is None:
            self._crammed = _has_line_longer(self.code, _LONG_LINE)
        return self._crammed

    @property
    def vocabulary(self) -> Vocabulary:
        """What of all that triggers ask for is one of the words, or part of one."""
        if self._vocabulary is None:
            self._vocabulary = vocabulary(self.words)
        return self._vocabulary

    def holds(self, text: _Stretch) -> bool:
        if not text.words <= self.words or not self.vocabulary.may_hold(text.part):
            return False
        if text.in_word and text.part in self.vocabulary.found:
            return True
        return text.text in (self.quoted if text.quoted else self.code)

    def may_hold(self, part: bytes) -> bool:
        """Whether letters that were asked for are a word or part of one."""
        return self.vocabulary.may_hold(part)

    @property
    def asking(self) -> Asking:
        """Tells what of the code runs only when asked for."""
        if self._asking is None:
            from canfar_lint.triggers.asked import Asking

            self._asking = Asking(self.code)
        return self._asking

    @property
    def outside(self) -> bytes:
        """What of the code stands outside of functions."""
        if self._outside is None:
            self._outside = _compiled(_BODY).sub(rb"\1", self.code)
        return self._outside

    @property
    def runs(self) -> bool:
        """Whether what stands outside of functions calls some of them, or hands them on."""
        if self._runs is None:
            calling = _compiled(_HEADER).sub(b"", self.outside)
            defined = {*_compiled(r"def (\w+)").findall(self.code), *_compiled(r"class (\w+)").findall(self.code)}
            self._runs = not defined.isdisjoint(_compiled(_MENTION).findall(calling))
        return self._runs

    @property
    def blocks(self) -> Blocks:
        """What of the code stands in what."""
        if self._blocks is None:
            from canfar_lint.triggers.blocks import Blocks

            self._blocks = Blocks(self.code, self.data)
        return self._blocks

    def runs_as_script(self, pattern: Expression) -> bool:
        """Whether what an expression finds may run when the file is run as a script."""
        return pattern.search(self.outside, self.vocabulary) is not None or (self.runs and self.blocks.may_run(pattern))


# words, and parts of words, of which one must be there
_Needs = tuple[frozenset[bytes], frozenset[bytes]]
_NOTHING: _Needs = (frozenset(), frozenset())


class _Asks:
    """What a trigger asks of a file: the cheaper the sooner."""

    __slots__ = ()
    cost = 0
    patterns: Sequence[str] = ()

    @property
    def needs(self) -> _Needs:
        """That without which it does not hold."""
        return _NOTHING

    def holds(self, content: Content, parsed: bool = False) -> bool:
        """Whether a file may have what is asked for; what its model says better is left out where it is `parsed`."""
        raise NotImplementedError


class _Stretch(_Asks):
    """A stretch of bytes, and the words that stand in it as a whole, without which it is nowhere.

    `part` is the longest that is of one word. `quoted` when it begins with a quote and does not leave its line: then it
    can only be where the quotes are. `in_word` when it is part of a word.
    """

    __slots__ = ("in_word", "part", "quoted", "text", "words")

    def __init__(self, text: bytes) -> None:
        parts = text.translate(NO_WORD).split(b" ")
        self.text = text
        self.words = frozenset(part for part in parts[1:-1] if part)
        self.part = max(parts, key=len)
        self.quoted = text[:1] in (b"'", b'"') and b"\n" not in text
        self.in_word = len(parts) == 1
        ask((self.part,))

    @property
    def needs(self) -> _Needs:
        return frozenset(), _needed_parts((self,)) or frozenset()

    def holds(self, content: Content, parsed: bool = False) -> bool:
        return content.holds(self)


_Anchors = tuple[frozenset[bytes], list[_Stretch]]


def _needed_parts(stretches: Iterable[_Stretch]) -> frozenset[bytes] | None:
    """The parts of words of which each stretch needs one; None when one of them may be anywhere."""
    parts = [stretch.part for stretch in stretches]
    return frozenset(parts) if all(map(is_asked, parts)) else None


class _Words(_Asks):
    """Words all of which must be there."""

    __slots__ = ("words",)

    def __init__(self, words: list[bytes]) -> None:
        self.words = words

    @property
    def needs(self) -> _Needs:
        return frozenset((max(self.words, key=len),)), frozenset()

    def holds(self, content: Content, parsed: bool = False) -> bool:
        return content.words.issuperset(self.words)


class _Member(_Words):
    """A name behind a dot, or what it is the same as."""

    __slots__ = ("name",)

    def __init__(self, name: bytes) -> None:
        super().__init__(name.split(b"."))
        self.name = name

    def holds(self, content: Content, parsed: bool = False) -> bool:
        if not super().holds(content):
            return False
        return self.name in content.code or _renamed(self.words).search(content.code) is not None


class Triggers:
    """The triggers of a set of rules for one kind of file, compiled once."""

    __slots__ = (
        "_always",
        "_by_part",
        "_by_word",
        "_comments",
        "_conditions",
        "_in_texts",
        "_order",
        "_unsaid",
        "_words",
        "rules",
    )

    def __init__(self, rules: Iterable[Rule], kind: str, language: str = "") -> None:
        """`language` leaves out what the triggers say of another one: `py` or `sh`."""
        self.rules = tuple(rules)
        self._in_texts = kind == PYTHON and language == "sh"
        self._always: list[Rule] = []
        self._words: dict[bytes, _Rules] = {}
        self._comments: dict[bytes, _Rules] = {}
        self._conditions: dict[str, tuple[_Asks, _Rules]] = {}
        # what else is asked for, by a word or a part of one without which it does not hold; and what may always hold
        self._by_word: dict[bytes, list[str]] = {}
        self._by_part: dict[bytes, list[str]] = {}
        self._unsaid: list[str] = []
        for rule in self.rules:
            if not rule.triggers:
                self._always.append(rule)
            for trigger in rule.triggers_of(language):
                self._add(rule, trigger, kind in (PYTHON, NOTEBOOK) and language != "sh")
        # the same in every run, for what is asked first decides what need not be asked any more
        cheapest = sorted(self._conditions, key=lambda trigger: self._conditions[trigger][0].cost)
        self._order = {trigger: number for number, trigger in enumerate(cheapest)}

    def _add(self, rule: Rule, trigger: str, by_word: bool) -> None:
        if by_word and _WORD.fullmatch(trigger) and " " not in trigger:
            self._words.setdefault(trigger.encode(), {})[rule.code] = rule
        elif trigger.startswith("#"):
            self._comments.setdefault(trigger.encode(), {})[rule.code] = rule
        else:
            if trigger not in self._conditions:
                self._conditions[trigger] = self._read(trigger, by_word), {}
                self._index(trigger)
            self._conditions[trigger][1][rule.code] = rule

    def _read(self, trigger: str, by_word: bool) -> _Asks:
        if trigger.startswith("re:") or " & " in trigger:
            return _Condition(trigger, self._in_texts)
        if by_word and _WORD.fullmatch(trigger):
            return _Words(trigger.encode().split())
        if by_word and _MEMBER.fullmatch(trigger):
            return _Member(trigger.encode())
        return _Stretch(trigger.lstrip("*").encode())

    def _index(self, trigger: str) -> None:
        words, parts = self._conditions[trigger][0].needs
        for word in words:
            self._by_word.setdefault(word, []).append(trigger)
        for part in parts:
            self._by_part.setdefault(part, []).append(trigger)
        if not (words or parts):
            self._unsaid.append(trigger)

    def compile(self) -> None:
        """Compile all expressions at once."""
        for asks, _ in self._conditions.values():
            for pattern in asks.patterns:
                _expression(pattern)

    def fired(self, content: Content) -> list[Rule]:
        """The rules that may find something in a file, each once.

        Where one of them does, the file is parsed, and the model says better than lines and indentation what stands
        where: of the others that is not asked any more.
        """
        found: dict[str, Rule] = {rule.code: rule for rule in self._always}
        for word in self._words.keys() & content.words:
            found.update(self._words[word])
        for text, rules in self._comments.items():
            if text in content.data:
                found.update(rules)
        for trigger in sorted({*self._unsaid, *self._candidates(content)}, key=self._order.__getitem__):
            asks, rules = self._conditions[trigger]
            if not rules.keys() <= found.keys() and asks.holds(content, bool(found)):
                found.update(rules)
        return list(found.values())

    def _candidates(self, content: Content) -> Iterator[str]:
        for word in self._by_word.keys() & content.words:
            yield from self._by_word[word]
        for part in self._by_part.keys() & content.vocabulary.found:
            yield from self._by_part[part]


_KEYWORDS = frozenset(word.encode() for word in kwlist)

# parts of a condition, and the attributes in which they are kept
_FLAGS = frozenset(("@main", "@reached", "@script", "@outside", "@quoted", "@lines"))
_EXPRESSIONS = {"@looped": "looped", "@fed": "fed", "@left": "opens"}


class _Condition(_Asks):
    """The parts of a trigger that must all hold; its expressions are compiled when the rest does."""

    __slots__ = (
        "anchors",
        "at_quotes",
        "calls",
        "cost",
        "ends",
        "fed",
        "in_texts",
        "known",
        "lines",
        "looped",
        "main",
        "opens",
        "outside",
        "patterns",
        "quoted",
        "reached",
        "script",
        "shows",
        "unasked",
        "unless",
    )

    def __init__(self, trigger: str, in_texts: bool = False) -> None:
        """`in_texts` for what can only be in the texts of a Python file: commands of the shell."""
        self.in_texts = in_texts
        self.main = self.quoted = self.unasked = self.lines = self.outside = self.script = self.reached = False
        self.shows = self.unless = self.looped = self.fed = ""
        self.known = 0.0
        self.anchors: list[_Anchors] = []
        self.patterns: list[str] = []
        self.opens = ""
        self.ends: frozenset[bytes] = frozenset()
        # what is called for `@turns`
        self.calls: tuple[frozenset[bytes], list[_Stretch], str] | None = None
        for part in trigger.split(" & "):
            name, _, given = part.partition(" ")
            if part.startswith("re:"):
                self.patterns.append(part[3:])
            elif part in _FLAGS:
                setattr(self, part[1:], True)
            elif name in _EXPRESSIONS and given.startswith("re:"):
                setattr(self, _EXPRESSIONS[name], given[3:])
            elif name == "@unasked":
                self.unasked, self.shows = True, given
            elif name == "@unless":
                self.unasked, self.unless = True, given
            elif name == "@ends":
                self.ends = frozenset(given.encode().split(b"|"))
            elif name == "@known":
                self.known = float(given)
            elif part.startswith("@turns re:"):
                self.calls = frozenset(), [], part[10:]
            elif part.startswith("@turns"):
                (words, stretches), (others, more) = self.anchors[0], _anchors(part[7:])
                self.calls = words | others, stretches + more, ""
            else:
                self.anchors.append(_anchors(part))
        self.at_quotes = frozenset(filter(_begins_with_quote, self.patterns))
        where = (
            self.main,
            self.reached,
            self.unasked,
            self.known,
            self.opens,
            self.looped,
            self.fed,
            self.script,
            self.calls,
        )
        # what stands where takes longest to tell
        self.cost = 2 if any(where) else 1

    @property
    def needs(self) -> _Needs:
        """Of the anchors that are in the fewest files, what is asked for: keywords are in most of them."""
        known = [(words, _needed_parts(stretches)) for words, stretches in self.anchors]
        told = [(words, parts) for words, parts in known if parts is not None and (words or parts)]
        return min(told, key=lambda needs: (not needs[0].isdisjoint(_KEYWORDS), sum(map(len, needs))), default=_NOTHING)

    def holds(self, content: Content, parsed: bool = False) -> bool:
        """`parsed` when the model will say what stands where."""
        for words, stretches in self.anchors:
            if words.isdisjoint(content.words) and not any(map(content.holds, stretches)):
                return False
        if self.ends and self.ends.isdisjoint(content.endings.keys()):
            return False
        if content.crammed:
            return True
        code = content.quoted if self.quoted else content.texts if self.in_texts else content.code
        turns = self.calls[2] if self.calls is not None and content.kind == PYTHON else ""
        if turns and not _expression(turns).search(content.code, content.vocabulary):
            return False
        for pattern in self.patterns:
            wanted = _expression(pattern)
            last = pattern is self.patterns[-1]
            if not wanted.search(self._searched(content, code, pattern, last), content.vocabulary):
                return False
            if parsed:
                continue
            if self.main and last and not content.runs_as_script(wanted):
                return False
            if self.reached and last and not self._is_reached(content, wanted):
                return False
            if (self.unasked or self.known) and not self._may_matter(content, code, wanted):
                return False
        return parsed or content.kind != PYTHON or self._stands(content)

    @staticmethod
    def _is_reached(content: Content, wanted: Expression) -> bool:
        """Whether what an expression finds may run in a script, or the file is none."""
        if content.runs_as_script(wanted):
            return True
        return content.kind == PYTHON and (not content.runs or not content.blocks.script)

    def _stands(self, content: Content) -> bool:
        """Whether a call may stand where it has to: in a loop, left open, in a script, called again and again."""
        if self.opens and not content.blocks.may_be_left(_expression(self.opens)):
            return False
        if self.looped and not content.blocks.may_be_looped(_expression(self.looped)):
            return False
        if self.fed and not content.blocks.may_be_fed(_expression(self.fed)):
            return False
        if self.script and not content.blocks.script:
            return False
        return self.calls is None or self._may_recur(content, *self.calls)

    def _searched(self, content: Content, code: bytes, pattern: str, last: bool) -> bytes:
        """What of a file an expression is tried on."""
        if self.outside and last:
            return content.outside
        if self.lines:
            return b"".join(map(content.lines, self._anchored(content)))
        if self.ends and last and content.kind == PYTHON:
            ends = [b"." + text for end in self.ends & content.endings.keys() for text in content.endings[end]]
            return b"".join(content.lines(end, self.quoted) for end in ends)
        return content.quoted if pattern in self.at_quotes else code

    def _anchored(self, content: Content) -> Iterator[bytes]:
        """The words and stretches of which one stands on each line that is asked for."""
        for words, stretches in self.anchors:
            yield from words & content.words
            yield from (stretch.text for stretch in stretches if content.holds(stretch))

    @staticmethod
    def _may_recur(content: Content, words: frozenset[bytes], stretches: list[_Stretch], pattern: str) -> bool:
        there = [stretch.text for stretch in stretches]
        return content.blocks.may_recur(words & content.words, there, _expression(pattern) if pattern else None)

    def _may_matter(self, content: Content, code: bytes, wanted: Expression) -> bool:
        """Whether some place is neither asked for nor unknown, or there are too many to say."""
        places = list(islice(wanted.finditer(code), _MOST_PLACES + 1))
        if len(places) > _MOST_PLACES:
            return True
        if self.known and not any(_is_known(code, place[1], self.known) for place in places):
            return False
        shows = self.shows if self.shows and not (content.runs and content.blocks.may_run(wanted)) else ""
        asking, window = content.asking, bool(self.shows)
        asked = (asking.is_asked(p.start(), shows, self.unless, window=window) for p in places)
        return not (self.unasked and all(asked))


def _begins_with_quote(pattern: str) -> bool:
    """Whether all that an expression finds begins with a quote."""
    rest = pattern.removeprefix("""["']""")
    if rest == pattern or rest[:1] in ("?", "*", "{"):
        return False
    bare = re.sub(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]", "", rest)
    while (inner := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = inner
    return "|" not in bare


def _has_line_longer(code: bytes, longest: int) -> bool:
    at = code.find(b"\n")
    while 0 <= at < len(code) - longest - 1:
        at = code.rfind(b"\n", at + 1, at + longest + 2)
    return at < 0


def _anchors(part: str) -> _Anchors:
    """The words and the stretches of which one must be there."""
    any_of = [anchor.encode() for anchor in part.split("|") if anchor]
    words = frozenset(anchor for anchor in any_of if not anchor.startswith(b"*"))
    return words, [_Stretch(anchor[1:]) for anchor in any_of if anchor.startswith(b"*")]


# each takes a search of the whole file
_MOST_PLACES = 64
_LONG_LINE = 2000
_patterns: dict[str, re.Pattern[bytes]] = {}
_expressions: dict[str, Expression] = {}


def _expression(pattern: str) -> Expression:
    """A rule's own expression."""
    if pattern not in _expressions:
        _expressions[pattern] = Expression(pattern)
    return _expressions[pattern]


def _compiled(pattern: str) -> re.Pattern[bytes]:
    """One of our own expressions; those with names of a file in them are left to `re`, which forgets."""
    if pattern not in _patterns:
        _patterns[pattern] = re.compile(pattern.encode())
    return _patterns[pattern]


# a number, or what is made of a constant; and the number, where it is nothing else
_NUMBERED = rb"\bNAME\b[^\n=]*=[ \t]*(?:(?:int|round|float)?[ \t]*[(\[][ \t]*)?(?:\d|[\w.]*[A-Z]{2})"
_SET = (
    rb"(?<![\w.])NAME(?:[ \t]*=(?!=)[ \t]*(\d+)[ \t]*(?=[#;\n)])|"
    rb"[ \t]*(?:=(?!=)|[-+*/%&|^]=|//=|\*\*=|:|,[^\n]*=(?!=)|[ \t]in\b))"
)


def _is_known(code: bytes, names: bytes, least: float) -> bool:
    """Whether every name among numbers is given one in the file, or there is none and a number is large; and whether
    their product may be as much as `least`."""
    known = _compiled(r"(?<![\w.])(?:[^\W\d]\w*\.)*([^\W\d]\w*)").findall(names)
    for name in known:
        if not re.search(_NUMBERED.replace(b"NAME", name), code):
            return False
    if not known and _compiled(r"\d{4}|\*\*|[eE]\d").search(names) is None:
        return False
    size = 1.0
    for part in names.split(b","):
        size *= _most(code, part.strip())
    return size >= least


def _most(code: bytes, part: bytes) -> float:
    """The greatest number that part of a shape can be: a number, or a name that is given nothing but numbers."""
    if not part or part.isdigit():
        return float(part or 1)
    if not _compiled(r"[^\W\d]\w*").fullmatch(part):
        return float("inf")
    given = re.findall(_SET.replace(b"NAME", part), code)
    return max(map(float, given)) if given and all(given) else float("inf")


def _from_quotes(code: bytes) -> bytes:
    """Every line from its first quote on."""
    marked = code.translate(_ONE_QUOTE)
    found = []
    at = marked.find(b'"')
    while at >= 0:
        end = code.find(b"\n", at)
        end = len(code) if end < 0 else end
        found.append(code[at:end])
        at = marked.find(b'"', end)
    return b"\n".join(found)


def lines_with(code: bytes, stretch: bytes) -> bytes:
    """The lines that hold a stretch, each behind a newline."""
    found = [b""]
    at = code.find(stretch)
    while at >= 0:
        end = code.find(b"\n", at)
        end = len(code) if end < 0 else end
        found.append(code[code.rfind(b"\n", 0, at) + 1 : end])
        at = code.find(stretch, end)
    return b"\n".join([*found, b""])


def _renamed(parts: list[bytes]) -> re.Pattern[bytes]:
    """Finds `from plt import show` and `import plt as p` for `plt.show`."""
    *_, owner, member = (part.decode() for part in parts)
    return _compiled(rf"{owner} (?:as (?!{owner}\b)|import (?:\([^)]{{0,4000}}|[^\n]*)\b{member}\b)")


def python_code(data: bytes) -> bytes:
    """Python without docstrings, comment lines and blanks between what is called and its bracket, behind a newline;
    all of it where these cannot be told cheaply."""
    code = _COMMENT_LINE.sub(b"", b"\n" + _without_docstrings(data))
    return _compiled(_BLANK_BEFORE_CALL).sub(b"(", code) if b" (" in code else code


def _without_docstrings(data: bytes) -> bytes:
    quotes, others = (b"'''", b'"""') if b"'''" in data else (b'"""', b"'''")
    parts = data.split(quotes)
    if len(parts) < 3 or len(parts) % 2 == 0 or others in data:
        return data
    kept = [parts[0]]
    for at in range(1, len(parts), 2):
        before, text = parts[at - 1], parts[at]
        line = before[before.rfind(b"\n") + 1 :]
        # a quote or comment before it: this may be no string's begin, and what follows no string
        if b"#" in line or b'"' in line or b"'" in line or text.endswith(b"\\"):
            return data
        if line.strip() not in (b"", b"r", b"R") or not _opens_block(before[: len(before) - len(line)], at == 1):
            kept.append(quotes + text + quotes)
        kept.append(parts[at + 1])
    return b"".join(kept)


def _opens_block(before: bytes, first: bool) -> bool:
    """Whether a bare string behind these lines is the docstring of a module, class or function."""
    end = before.rstrip()
    if first and all(line.startswith(b"#") for line in end.splitlines() if line.strip()):
        return True
    return end.endswith(b":") and not end.endswith((b'":', b"':"))
