"""JUnit's XML: a test suite a file, a failed test a finding."""

from __future__ import annotations

import os
import re

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import TOOL, Report, escape
from canfar_lint.reporting.grouped import by_file

_SEVERITY = {"error": "error", "warning": "warning", "advice": "info"}
_PACKAGE = f"org.{TOOL}"


def render(report: Report) -> str:
    count = len(report.diagnostics)
    suites = [_suite(report, path, group) for path, group in by_file(report).items()]
    if not suites:
        suites = [_head(TOOL, 1, 0) + f'        <testcase name="No errors found" classname="{TOOL}"/>\n' + _FOOT]
    tests = max(count, 1)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="{TOOL}" tests="{tests}" skipped="0" failures="{count}" errors="0">\n'
        f"{''.join(suites)}</testsuites>\n"
    )


_FOOT = "    </testsuite>\n"


def _head(name: str, tests: int, failures: int) -> str:
    return (
        f'    <testsuite name="{_xml(name)}" tests="{tests}" skipped="0" errors="0" failures="{failures}"'
        f' package="{_PACKAGE}">\n'
    )


def _suite(report: Report, path: str, group: list[Diagnostic]) -> str:
    return _head(path, len(group), len(group)) + "".join(_case(path, d) for d in group) + _FOOT


def _case(path: str, diagnostic: Diagnostic) -> str:
    place, message = diagnostic.place, _xml(diagnostic.message)
    name = _xml(os.path.splitext(path)[0])
    where, told = "", message
    if place.cell is None:
        where = f' line="{place.row}" column="{place.column}"'
        told = f"line {place.row}, col {place.column}, {message}"
    return (
        f'        <testcase name="{_PACKAGE}.{_xml(diagnostic.code)}" classname="{name}"{where}>\n'
        "            <properties>\n"
        f'                <property name="severity" value="{_SEVERITY[diagnostic.level]}"/>\n'
        "            </properties>\n"
        f'            <failure message="{message}">{told}</failure>\n'
        "        </testcase>\n"
    )


def _xml(text: str) -> str:
    """Text for XML: what XML cannot hold is shown as a picture."""
    shown = escape.one_line(text)
    return re.sub("[&<>\"'\ufffe\uffff]", lambda m: _NAMED[m[0]], shown)


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\ufffe": "�", "\uffff": "�"}
