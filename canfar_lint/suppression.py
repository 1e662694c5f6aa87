"""Markers in comments that suppress findings: where they stand, what they cover, and which of them do nothing.

`markers` reads them from a source, `apply` holds them against the file's diagnostics. A marker knows its offsets and
places, so that the source is not needed once it is read: markers are cached and sent between machines.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.diagnostic import Diagnostic, Edit, Finding, Place, PlacedEdit, PlacedFix
from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, REQUIREMENTS, SHELL, TOML, YAML, Source

if TYPE_CHECKING:
    from canfar_lint.catalogue import Catalogue, Rule
    from canfar_lint.model.lexical import Layout

IGNORE, FILE_IGNORE, NOQA = "ignore", "file-ignore", "noqa"
# a pragma of hadolint's, which obeys it for its own codes; here it speaks for our rules that stand in for them
HADOLINT = "hadolint"
MALFORMED, BLANKET, TRAILING = "malformed", "blanket", "trailing"
OWN_CODES = ("CAN010", "CAN011", "CAN012")

_START = re.compile(r"#+[ \t]*(?:canfar[ \t]*:|(?i:noqa)[ \t]*:)[ \t]*")
_DIRECTIVE = re.compile(r"(file-ignore|ignore)[ \t]*\[([^\]\[#]*)\]")
# A comment may begin with the platform's name; it is meant as a marker when it names a code or a directive.
_MEANT = re.compile(r"(?:file[-_ ]?)?ignor|noqa\b|[\w-]+[ \t]*\[|.*\bCAN\d{3}\b")
_BLANKET = re.compile(r"(?:file-)?ignore(?:[ \t]*\[[ \t]*\]|(?![ \t]*[\[\w-]*\[))(?!.*\bCAN\d{3}\b)")
_NOQA_CODES = re.compile(r"[A-Z]+[0-9]+(?:[ \t]*[, \t][ \t]*[A-Z]+[0-9]+)*")
_CODE = re.compile(r"[A-Z]+[0-9]+")
_WORD = re.compile(r"[^,\s](?:[^,]*[^,\s])?")
_NEXT = re.compile(r"[ \t]+#")
_PRAGMA = re.compile(r"#[ \t]*hadolint[ \t]+(global[ \t]+)?ignore[ \t]*=[ \t]*([A-Z]+\d+(?:[ \t]*,[ \t]*[A-Z]+\d+)*)")


class Code(NamedTuple):
    """A code or name as it stands in a marker."""

    word: str
    start: int
    end: int
    place: Place


class Marker(NamedTuple):
    """A marker at `start:end`, up to the end of its reason; `closed` is the end of its codes.

    `problem` is empty for one that is understood. `covers` are the first and the last offset it speaks for, `delete`
    is what goes when no code is left.
    """

    form: str
    start: int
    end: int
    closed: int
    codes: tuple[Code, ...] = ()
    reason: str = ""
    problem: str = ""
    covers: tuple[int, int] = (0, 0)
    delete: tuple[int, int] = (0, 0)
    place: Place = Place(1, 1, 1, 1)
    closed_place: Place = Place(1, 1, 1, 1)
    delete_place: Place = Place(1, 1, 1, 1)


class Applied(NamedTuple):
    """A file's diagnostics, split; `about_markers` are CAN010, CAN011 and CAN012."""

    kept: list[Diagnostic]
    suppressed: list[Diagnostic]
    about_markers: list[Diagnostic]


def markers(source: Source, prefixes: Collection[str] = ("CAN",)) -> list[Marker]:
    """The markers of a source. `prefixes` are those of the codes that a `noqa` may name for us; others are not ours."""
    text = source.text
    noqa = "noqa" in text.lower() if source.kind in (PYTHON, NOTEBOOK) and "#" in text else False
    if noqa:
        noqa = re.search(rf"#[ \t]*noqa[ \t]*:[^\n]*(?:{'|'.join(prefixes)})\d", text, re.IGNORECASE) is not None
    if not noqa and "canfar" not in text and not (source.kind == DOCKERFILE and "hadolint" in text):
        return []
    return [
        marker
        for layout in layouts(source)
        for start, end in layout.comments
        for marker in _of_comment(source, layout, start, end)
        if marker.form != NOQA or (noqa and source.kind in (PYTHON, NOTEBOOK))
    ]


def apply(
    path: str,
    diagnostics: Iterable[Diagnostic],
    found: Iterable[Marker],
    rules: Mapping[str, Rule],
    catalogue: Catalogue,
    ran: Collection[str],
) -> Applied:
    """Split the diagnostics of the file at `path` by its markers, and judge the markers.

    `rules` are the enabled ones by code, `catalogue` knows the others. `ran` are the codes whose checks had all they
    need in this run: a marker for another code is not called unused. After a syntax error nothing ran.
    """
    kept = list(diagnostics)
    found = list(found)
    index = _Index(found, catalogue)
    suppressed = [each for each in kept if index.covers(each.code, each.start)]
    kept = [each for each in kept if not index.covers(each.code, each.start)]
    used = index.used((each.code, each.start) for each in suppressed)
    about = [
        diagnostic._replace(path=path)
        for number, marker in enumerate(found)
        for diagnostic in _judge(marker, number, used, rules, catalogue, ran)
        if diagnostic.code in rules and not index.covers(diagnostic.code, diagnostic.start)
    ]
    return Applied(kept, suppressed, about)


# ---- reading


def layouts(source: Source) -> Iterator[Layout]:
    from canfar_lint.model import lexical

    if source.kind == NOTEBOOK:
        yield from _notebook_layouts(source)
    elif source.kind in (PYTHON, TOML):
        yield lexical.python_layout(source.text)
    elif source.kind == SHELL:
        yield lexical.shell_layout(source.text)
    elif source.kind == DOCKERFILE:
        yield _dockerfile_layout(source)
    elif source.kind in (YAML, MAKEFILE, REQUIREMENTS):
        yield lexical.plain_layout(source.text, blocks=source.kind == YAML)


def _notebook_layouts(source: Source) -> Iterator[Layout]:
    from canfar_lint.model.lexical import plain_layout, python_layout, shell_layout
    from canfar_lint.model.notebook import NotebookSource

    if not isinstance(source, NotebookSource):
        return
    for cell in source.cells:
        layout = python_layout(source.code[cell.start : cell.end], cell.start)
        # A magic may reach over several rows, of which `code` shows only the first.
        layout.joined.extend((each.start, each.end) for each in source.magics if cell.start <= each.start < cell.end)
        layout.joined.sort()
        yield layout
    for piece in source.shell_pieces:
        yield shell_layout(piece.text, piece.start)
    for magic in source.magics:
        if "\n" not in (text := source.text[magic.start : magic.end]):
            yield plain_layout(text, magic.start)


def _dockerfile_layout(source: Source) -> Layout:
    """Instructions with their here-documents, and comments.

    What looks like a comment behind an instruction is listed with them: its author takes it for one.
    """
    from canfar_lint.model.dockerfile.reading import Reading
    from canfar_lint.model.lexical import Layout, comment_in

    reading = Reading(source.text).read()
    layout = Layout([], [], [])
    code: set[int] = set()
    foreign: set[int] = set()
    for line in reading.lines:
        last = line.last - 1
        layout.lines.append((reading.starts[line.first - 1], reading.starts[last] + len(reading.rows[last])))
        code.update({*range(line.first, line.text_last + 1)} - {*line.skipped})
        if not re.match(r"(?:ONBUILD\s+)?RUN\s", line.logical.text.lstrip(), re.IGNORECASE):
            foreign.update(range(line.text_last + 1, line.last + 1))
    for row, (start, text) in enumerate(zip(reading.starts, reading.rows, strict=False), 1):
        text = text.rstrip("\r")
        body = text.lstrip()
        if row in code:
            at, text = comment_in(text), text.rstrip(f" \t{reading.escape}")
        else:
            at = len(text) - len(body) if body.startswith("#") and row not in foreign else -1
        if at >= 0:
            layout.comments.append((start + at, start + len(text)))
    return layout


def _of_comment(source: Source, layout: Layout, start: int, end: int) -> Iterator[Marker]:
    """The markers of one comment, which may hold other tools' pragmas besides."""
    text = source.text
    pragma = _PRAGMA.match(text, start, end) if source.kind == DOCKERFILE else None
    if pragma is not None:
        yield from _hadolint(source, layout, pragma, end)
        return
    for match in _START.finditer(text, start, end):
        follows = _NEXT.search(text, match.end(), end)
        stop = follows.start() if follows else end
        stop = match.end() + len(text[match.end() : stop].rstrip())
        if "canfar" in match.group():
            marker = _canfar(text, match.start(), match.end(), max(stop, match.end()))
        else:
            marker = _noqa(text, match.start(), match.end())
        if marker is None:
            continue
        row = source.starts[source.row_column(start)[0] - 1]
        own_line = not text[row:start].strip()
        if source.kind == DOCKERFILE and not own_line:
            yield marker._replace(problem=TRAILING, codes=(), end=end, place=source.place(marker.start, end))
            continue
        covers = (0, len(text)) if marker.form == FILE_IGNORE else _covers(source, layout, marker, start, end, own_line)
        delete = _deletion(source, marker, start, end, own_line)
        yield marker._replace(
            covers=covers,
            delete=delete,
            codes=tuple(code._replace(place=source.place(code.start, code.end)) for code in marker.codes),
            place=source.place(marker.start, marker.end),
            closed_place=source.place(marker.start, marker.closed),
            delete_place=source.place(*delete),
        )


def _hadolint(source: Source, layout: Layout, pragma: re.Match[str], end: int) -> Iterator[Marker]:
    start = pragma.start()
    row = source.starts[source.row_column(start)[0] - 1]
    if source.text[row:start].strip():
        return
    marker = Marker(HADOLINT, start, end, pragma.end(), _codes(_CODE, source.text, pragma.span(2)))
    covers = (0, len(source.text)) if pragma[1] else _covers(source, layout, marker, start, end, own_line=True)
    yield marker._replace(covers=covers)


def _canfar(text: str, start: int, at: int, end: int) -> Marker | None:
    directive = _DIRECTIVE.match(text, at, end)
    if directive is None:
        rest = text[at:end]
        if rest and not _MEANT.match(rest):
            return None
        problem = BLANKET if _BLANKET.match(rest) else MALFORMED
        return Marker(IGNORE, start, end, end, problem=problem) if rest else None
    codes = _codes(_WORD, text, directive.span(2))
    reason = text[directive.end() : end].strip()
    problem = "" if codes else BLANKET
    return Marker(directive.group(1), start, end, directive.end(), codes, reason, problem)


def _noqa(text: str, start: int, at: int) -> Marker | None:
    match = _NOQA_CODES.match(text, at)
    if match is None:
        return None
    return Marker(NOQA, start, match.end(), match.end(), _codes(_CODE, text, match.span()))


def _codes(pattern: re.Pattern[str], text: str, span: tuple[int, int]) -> tuple[Code, ...]:
    return tuple(Code(m.group(), m.start(), m.end(), Place(1, 1, 1, 1)) for m in pattern.finditer(text, *span))


def _covers(source: Source, layout: Layout, marker: Marker, start: int, end: int, own_line: bool) -> tuple[int, int]:
    """The span of the lines that a marker of the comment `start:end` speaks for, first and last character."""
    lines = layout.lines
    if own_line and marker.form != NOQA:
        following = bisect_right(lines, (start, start))
        around = lines[following - 1] if following and lines[following - 1][1] > end else None
        if around and source.kind == DOCKERFILE:
            return end, around[1]
        if following < len(lines) and (around is None or lines[following][0] < around[1]):
            return lines[following]
        return _next_row(source, layout, end, around[1]) if around else (end, end)
    row = source.row_column(start)[0]
    first, last = source.starts[row - 1], end
    at = bisect_left(lines, (start, start)) - 1
    if marker.form != NOQA and at >= 0 and lines[at][1] == end:
        return min(first, lines[at][0]), last
    return _joined_before(source, layout, first), last


def _next_row(source: Source, layout: Layout, at: int, limit: int) -> tuple[int, int]:
    """The next row with anything but a comment in it, inside a statement of several rows."""
    row = source.row_column(at)[0] + 1
    while source.line(row).lstrip()[:1] in ("", "#") and row < len(source.starts):
        row += 1
    first = source.starts[row - 1]
    last = first + len(source.line(row))
    for start, end in layout.joined[bisect_left(layout.joined, (first, first)) :]:
        if start > last:
            break
        row = source.row_column(end)[0]
        last = source.starts[row - 1] + len(source.line(row))
    return first, min(last, limit)


def _joined_before(source: Source, layout: Layout, first: int) -> int:
    """Where the row that begins at `first` really begins, when strings or continuations reach into it."""
    at = bisect_left(layout.joined, (first, first)) - 1
    while at >= 0 and layout.joined[at][1] >= first > layout.joined[at][0]:
        first = source.starts[source.row_column(layout.joined[at][0])[0] - 1]
        at -= 1
        while at >= 0 and layout.joined[at][0] >= first:
            at -= 1
    return first


def _deletion(source: Source, marker: Marker, start: int, end: int, own_line: bool) -> tuple[int, int]:
    """What to delete to be rid of a marker: its line, or itself with the blanks that part it from its neighbours."""
    text = source.text
    row, _ = source.row_column(start)
    if own_line and marker.start == start and marker.end >= end - (end - len(text[:end].rstrip())):
        following = source.starts[row] if row < len(source.starts) else len(text)
        return source.starts[row - 1], following
    if behind := text[marker.end : end].strip():
        following = text.index(behind[0], marker.end)
        # words behind the codes of a `noqa` become a comment of their own
        words = text[marker.start : end].lstrip("# \t")
        return (marker.start if behind.startswith("#") else end - len(words)), following
    before = text[source.starts[row - 1] : marker.start]
    return marker.start - (len(before) - len(before.rstrip())), end


# ---- judging


def _meant(marker: Marker, word: str, catalogue: Catalogue) -> list[str]:
    """The codes that a word of a marker speaks for."""
    if marker.form == HADOLINT:
        return catalogue.stand_ins().get(word, [])
    rule = catalogue.find(word)
    return [rule.code if rule else word]


class _Index:
    """Which spans are covered, by code."""

    def __init__(self, found: list[Marker], catalogue: Catalogue) -> None:
        self.spans: dict[str, list[tuple[int, int, int, int]]] = {}
        for number, marker in enumerate(found):
            if not marker.problem:
                for place, code in enumerate(marker.codes):
                    for meant in _meant(marker, code.word, catalogue):
                        self.spans.setdefault(meant, []).append((*marker.covers, number, place))
        self.reach: dict[str, list[int]] = {}
        for name, spans in self.spans.items():
            spans.sort()
            furthest = -1
            self.reach[name] = [furthest := max(furthest, span[1]) for span in spans]

    def covers(self, code: str, offset: int) -> bool:
        spans = self.spans.get(code)
        at = bisect_right(spans, (offset, float("inf"))) if spans else 0
        return at > 0 and self.reach[code][at - 1] >= offset

    def used(self, suppressed: Iterable[tuple[str, int]]) -> set[tuple[int, int]]:
        """The (marker, code) numbers that cover any of the suppressed; of two for the same span, the first."""
        offsets: dict[str, list[int]] = {}
        for code, offset in suppressed:
            offsets.setdefault(code, []).append(offset)
        used = set()
        for code, places in offsets.items():
            places.sort()
            taken = set()
            for first, last, number, place in sorted(self.spans[code], key=lambda span: span[2:]):
                at = bisect_left(places, first)
                if at < len(places) and places[at] <= last and (first, last) not in taken:
                    used.add((number, place))
                    taken.add((first, last))
        return used


def _judge(
    marker: Marker,
    number: int,
    used: set[tuple[int, int]],
    rules: Mapping[str, Rule],
    catalogue: Catalogue,
    ran: Collection[str],
) -> Iterator[Diagnostic]:
    if marker.form == HADOLINT:
        return
    can010, can011, can012 = (rules.get(code, catalogue.rules[code]) for code in OWN_CODES)
    if marker.problem:
        variant = None if marker.problem == MALFORMED else marker.problem
        yield _placed(can011.finding((marker.start, marker.end), variant=variant), marker.place)
        return
    unused = []
    for place, code in enumerate(marker.codes):
        rule = catalogue.find(code.word)
        if rule is not None:
            if rule.code in ran and rule.code not in OWN_CODES and (number, place) not in used:
                unused.append(place)
        elif not _foreign(code.word):
            hint, span = _hint(code.word, catalogue), (code.start, code.end)
            yield _placed(can011.finding(span, variant="unknown", code=code.word, hint=hint), code.place)
    for place in unused:
        code = marker.codes[place]
        edit = _removal(marker, place, whole=len(unused) == len(marker.codes))
        fix = PlacedFix(f"Remove the suppression of `{code.word}`", (edit,))
        yield _placed(can010.finding((code.start, code.end), code=code.word), code.place)._replace(fix=fix)
    if marker.form != NOQA and not re.search(r"\w", marker.reason):
        yield _placed(can012.finding((marker.start, marker.closed)), marker.closed_place)


def _placed(finding: Finding, place: Place) -> Diagnostic:
    span = finding.start, finding.end
    return Diagnostic("", finding.code, finding.name, finding.level, finding.message, place, *span)


def _foreign(word: str) -> bool:
    """Whether an unknown word may be another tool's code: it looks like one and does not claim to be ours."""
    return re.fullmatch(r"(?!CAN\d)[A-Z]+[0-9]+", word) is not None


def _hint(word: str, catalogue: Catalogue) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, [*catalogue.names, *catalogue.rules], 1, 0.75)
    return f"; did you mean `{near[0]}`?" if near else ""


def _removal(marker: Marker, number: int, whole: bool) -> PlacedEdit:
    """The edit that takes one code, or the whole marker, away."""
    if whole:
        return PlacedEdit(marker.delete_place, Edit(*marker.delete, ""))
    codes, code = marker.codes, marker.codes[number]
    if number + 1 < len(codes):
        following = codes[number + 1]
        place = code.place._replace(end_row=following.place.row, end_column=following.place.column)
        return PlacedEdit(place, Edit(code.start, following.start, ""))
    before = codes[number - 1]
    place = code.place._replace(row=before.place.end_row, column=before.place.end_column)
    return PlacedEdit(place, Edit(before.end, code.end, ""))
