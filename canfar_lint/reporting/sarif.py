"""SARIF 2.1.0. Columns count characters, as `columnKind` says."""

from __future__ import annotations

from typing import Any

from canfar_lint.diagnostic import Diagnostic, Place
from canfar_lint.reporting import TOOL, Report
from canfar_lint.reporting.gitlab import fingerprint
from canfar_lint.reporting.jsontext import pretty
from canfar_lint.reporting.links import GUIDELINE

_LEVEL = {"error": "error", "warning": "warning", "advice": "note"}


def render(report: Report) -> str:
    from canfar_lint import __version__

    marks = _Marks(report)
    new = {"baselineState": "new"} if report.known else {}
    results = [{**_result(report, diagnostic, marks), **new} for diagnostic in report.diagnostics]
    for diagnostic in report.suppressed:
        results.append({**_result(report, diagnostic, marks), "suppressions": [{"kind": "inSource"}]})
    for diagnostic in report.known:
        result = _result(report, diagnostic, marks)
        results.append({**result, "baselineState": "unchanged", "suppressions": [{"kind": "external"}]})
    driver = {"informationUri": GUIDELINE, "name": TOOL, "rules": _rules(report), "version": __version__}
    run = {"columnKind": "unicodeCodePoints", "results": results, "tool": {"driver": driver}}
    return pretty({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [run], "version": "2.1.0"})


class _Marks:
    """Fingerprints that stay when lines move: rule, file, and the how-manieth of its kind there."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.last: dict[tuple[str, str], int] = {}

    def of(self, diagnostic: Diagnostic) -> str:
        key = diagnostic.name, self.report.raw_path(diagnostic.path)
        self.last[key] = fingerprint(self.last.get(key, 0), *key)
        return f"{self.last[key]:016x}"


def _result(report: Report, diagnostic: Diagnostic, marks: _Marks) -> dict[str, Any]:
    uri = _uri(report, diagnostic.path)
    result: dict[str, Any] = {}
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(report, diagnostic, uri)]
    result["level"] = _LEVEL[diagnostic.level]
    result["locations"] = [_location(report, diagnostic.path, diagnostic.place)]
    result["message"] = {"text": diagnostic.message}
    result["ruleId"] = diagnostic.code
    result["partialFingerprints"] = {f"{TOOL}/v1": marks.of(diagnostic)}
    if diagnostic.related:
        result["relatedLocations"] = [
            {**_location(report, r.path or diagnostic.path, r.place), "id": number, "message": {"text": r.message}}
            for number, r in enumerate(diagnostic.related, 1)
        ]
    return result


def _fix(report: Report, diagnostic: Diagnostic, uri: str) -> dict[str, Any]:
    assert diagnostic.fix is not None
    replacements = []
    for place, edit in diagnostic.fix.edits:
        replacement: dict[str, Any] = {"deletedRegion": _region(report.joined(diagnostic.path, place))}
        if edit.content:
            replacement["insertedContent"] = {"text": edit.content}
        replacements.append(replacement)
    change = {"artifactLocation": {"uri": uri}, "replacements": replacements}
    fix: dict[str, Any] = {"artifactChanges": [change]}
    if diagnostic.fix.title:
        fix["description"] = {"text": diagnostic.fix.title}
    return fix


def _location(report: Report, path: str, place: Place) -> dict[str, Any]:
    region = _region(report.joined(path, place))
    physical = {"artifactLocation": {"uri": _uri(report, path)}, "region": region}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.cell:
        location["logicalLocations"] = [{"fullyQualifiedName": f"cell {place.cell}", "kind": "member"}]
    return location


def _region(place: Place) -> dict[str, int]:
    return {
        "endColumn": place.end_column,
        "endLine": place.end_row,
        "startColumn": place.column,
        "startLine": place.row,
    }


def _uri(report: Report, path: str) -> str:
    from urllib.parse import quote

    full = report.absolute(path)
    if full == "-":
        return "stdin"
    return "file://" + quote(full.encode("utf-8", "surrogateescape"), safe="/!$&'()*+,;=:@|[]^~-._")


def _rules(report: Report) -> list[dict[str, Any]]:
    first: dict[str, Diagnostic] = {}
    for diagnostic in (*report.diagnostics, *report.suppressed, *report.known):
        first.setdefault(diagnostic.code, diagnostic)
    order = ("advice", "warning", "error")
    return [_rule(report, d) for d in sorted(first.values(), key=lambda d: (order.index(d.level), d.code))]


def _rule(report: Report, diagnostic: Diagnostic) -> dict[str, Any]:
    code, level = diagnostic.code, _LEVEL[diagnostic.level]
    own = report.catalogue.rules.get(code) if report.catalogue is not None else None
    short = diagnostic.name.replace("-", " ") or code
    rule: dict[str, Any] = {"defaultConfiguration": {"level": _LEVEL[own.level] if own else level}}
    text = short
    if own is not None:
        docs = report.catalogue.docs(code)
        rule["fullDescription"] = {"text": docs["why"].strip()}
        text = docs["instead"].strip()
    rule["help"] = {"text": text}
    url = report.url(diagnostic)
    if url:
        rule["helpUri"] = url
    kind = own.section if own is not None else diagnostic.tool
    rule["id"] = code
    rule["name"] = "".join(word.capitalize() for word in diagnostic.name.split("-")) or code
    rule["properties"] = {"id": code, "kind": kind, "name": diagnostic.name, "problem.severity": level}
    rule["shortDescription"] = {"text": short}
    return rule
