"""The address of a rule's explanation, decided here and nowhere else.

Until the project has a site of its own it is the section of the published guideline that the rule enforces.
"""

from __future__ import annotations

GUIDELINE = "https://opencadc.github.io/canfar/latest/platform/best-practices/"
_ANCHORS = {
    "1": "writing-scalable-and-batch-friendly-code",
    "2": "scaling-out-vs-scaling-up",
    "3": "memory-and-io-efficiency",
    "4": "saving-results",
    "5": "headless-processing-vs-gui-tools",
    "6": "managing-dependencies-and-python-environments",
    "7": "container-packaging",
    "8": "scaling-out-vs-scaling-up",
}


def rule_url(code: str) -> str:
    """The page of one of our rules; empty for other tools' and a site's own."""
    if not code.startswith("CAN") or not code[3:].isdigit():
        return ""
    anchor = _ANCHORS.get(code[3])
    return f"{GUIDELINE}#{anchor}" if anchor else GUIDELINE
