"""Which thread variables matter for what a request runs? (CAN212)

`question.subject` is the offset of the request. The libraries are those that the script and what it uses import.
"""

from __future__ import annotations

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Diagnostic, PlacedFix
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import run_at


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding; it names variables where the script that runs is in the tree."""
    question = diagnostic.question
    assert question is not None
    run = run_at(project, diagnostic.path, int(question.subject))
    if run is None or not run.files:
        return diagnostic
    packages: set[str] = set()
    for path in run.files:
        packages |= project.outline(path).packages
    libraries: dict[str, str] = load().rules["CAN212"].table("libraries")
    names = sorted({libraries[package] for package in packages & set(libraries)})
    if not names:
        return diagnostic
    listed = " and ".join(filter(None, (", ".join(f"`{n}`" for n in names[:-1]), f"`{names[-1]}`")))
    fix = _with(diagnostic.fix, names, question.limit) if diagnostic.fix is not None else None
    return diagnostic._replace(message=f"{diagnostic.message}; what it runs reads {listed}", fix=fix)


def _with(fix: PlacedFix, names: list[str], cores: int) -> PlacedFix:
    """The fix that sets these variables too."""
    forms = {f'"OMP_NUM_THREADS": "{cores}"': ', "{}": "{}"', f" --env OMP_NUM_THREADS={cores}": " --env {}={}"}
    edits = []
    for each in fix.edits:
        content = each.edit.content
        for first, form in forms.items():
            more = "".join(form.format(name, cores) for name in names if name not in content)
            content = content.replace(first, first + more)
        edits.append(each._replace(edit=each.edit._replace(content=content)))
    return fix._replace(edits=tuple(edits))
