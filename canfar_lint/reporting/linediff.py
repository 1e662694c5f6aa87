"""Which lines differ between two texts: Myers' algorithm in linear space, with ties and slides resolved as ruff does.

E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
"""

from __future__ import annotations

from collections.abc import Sequence

EQUAL, DELETE, INSERT = "equal", "delete", "insert"


class Step:
    """Lines `old` to `old + count` stay, are removed, or lines `new` to `new + count` are put in (0-based)."""

    __slots__ = ("count", "kind", "new", "old")

    def __init__(self, kind: str, old: int, new: int, count: int) -> None:
        self.kind = kind
        self.old = old
        self.new = new
        self.count = count


def steps(old: Sequence[str], new: Sequence[str]) -> list[Step]:
    """How `old` becomes `new`, in order; an insertion that can slide over equal lines stands as low as it can."""
    found: list[Step] = []
    pending = [(0, len(old), 0, len(new))]
    while pending:
        a, a_end, b, b_end = pending.pop()
        if a < 0:  # a run of equal lines noted down before
            _add(found, EQUAL, -a - 1, b, a_end)
            continue
        while a < a_end and b < b_end and old[a] == new[b]:
            _add(found, EQUAL, a, b, 1)
            a, b = a + 1, b + 1
        tail = 0
        while a_end > a and b_end > b and old[a_end - 1] == new[b_end - 1]:
            a_end, b_end, tail = a_end - 1, b_end - 1, tail + 1
        if tail:
            pending.append((-a_end - 1, tail, b_end, 0))
        if a == a_end or b == b_end:
            _add(found, DELETE, a, b, a_end - a)
            _add(found, INSERT, a, b, b_end - b)
            continue
        x, y = _middle(old, new, (a, a_end), (b, b_end))
        pending += [(x, a_end, y, b_end), (a, x, b, y)]
    _slide(found, new)
    return found


def _add(found: list[Step], kind: str, old: int, new: int, count: int) -> None:
    if not count:
        return
    if found and found[-1].kind == kind:
        found[-1].count += count
    else:
        found.append(Step(kind, old, new, count))


def _middle(old: Sequence[str], new: Sequence[str], a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """A point in the middle of a shortest path: searched from both corners until the two meet."""
    n, m = a[1] - a[0], b[1] - b[0]
    delta = n - m
    odd = delta % 2 != 0
    forward, backward = {1: 0}, {1: 0}
    for d in range((n + m + 1) // 2 + 2):
        for k in range(d, -d - 1, -2):
            x = first = _start(forward, k, d)
            while x < n and x - k < m and old[a[0] + x] == new[b[0] + x - k]:
                x += 1
            forward[k] = x
            if odd and abs(k - delta) <= d - 1 and x + backward[delta - k] >= n:
                return a[0] + first, b[0] + first - k
        for k in range(d, -d - 1, -2):
            x = _start(backward, k, d)
            while x < n and x - k < m and old[a[1] - 1 - x] == new[b[1] - 1 - x + k]:
                x += 1
            backward[k] = x
            if not odd and abs(k - delta) <= d and x + forward[delta - k] >= n:
                return a[1] - x, b[1] - x + k
    raise AssertionError("the two searches always meet")


def _start(reached: dict[int, int], k: int, d: int) -> int:
    if k == -d or (k != d and reached[k - 1] < reached[k + 1]):
        return reached[k + 1]
    return reached[k - 1] + 1


def _slide(found: list[Step], new: Sequence[str]) -> None:
    """Move every insertion up as far as equal lines allow, then down, joining what meets. Removals stay."""
    at = 0
    while at < len(found):
        if found[at].kind == INSERT:
            at = _up(found, at, new)
            at = _down(found, at, new)
        at += 1


def _up(found: list[Step], at: int, new: Sequence[str]) -> int:
    while at > 0:
        step, before = found[at], found[at - 1]
        if before.kind == INSERT:
            before.count += step.count
            del found[at]
            at -= 1
        elif before.kind == DELETE:
            found[at - 1 : at + 1] = [
                Step(INSERT, before.old, step.new, step.count),
                Step(DELETE, before.old, step.new + step.count, before.count),
            ]
            at -= 1
        else:
            end, most, same = step.new + step.count, min(step.count, before.count), 0
            while same < most and new[end - 1 - same] == new[step.new - 1 - same]:
                same += 1
            if not same:
                break
            _lengthen(found, at + 1, Step(EQUAL, step.old - same, end - same, same))
            step.old, step.new, before.count = step.old - same, step.new - same, before.count - same
            if not before.count:
                del found[at - 1]
                at -= 1
    return at


def _down(found: list[Step], at: int, new: Sequence[str]) -> int:
    while at + 1 < len(found):
        step, after = found[at], found[at + 1]
        if after.kind == INSERT:
            step.count += after.count
            del found[at + 1]
        elif after.kind == DELETE:
            found[at : at + 2] = [
                Step(DELETE, after.old, step.new, after.count),
                Step(INSERT, after.old + after.count, step.new, step.count),
            ]
            at += 1
        else:
            most, same = min(step.count, after.count), 0
            while same < most and new[step.new + same] == new[after.new + same]:
                same += 1
            if not same:
                break
            if at and found[at - 1].kind == EQUAL:
                found[at - 1].count += same
            else:
                found.insert(at, Step(EQUAL, step.old, step.new, same))
                at += 1
            step.old, step.new = step.old + same, step.new + same
            after.old, after.new, after.count = after.old + same, after.new + same, after.count - same
            if not after.count:
                del found[at + 1]
    return at


def _lengthen(found: list[Step], at: int, more: Step) -> None:
    """Put equal lines before those at `at`, or there where none are."""
    if at < len(found) and found[at].kind == EQUAL:
        below = found[at]
        below.old, below.new, below.count = more.old, more.new, below.count + more.count
    else:
        found.insert(at, more)
