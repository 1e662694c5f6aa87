"""A rule as a check sees it: its levels, messages and tables, and how to make a finding of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canfar_lint.diagnostic import Finding, Fix, Question, Related


class Rule:
    """One entry of the catalogue.

    The head (code, name, level, section, kinds, fix, triggers) is there from the start; `body` holds message,
    variants, tables and matchers and is read when the rule is first needed.
    """

    __slots__ = (
        "_body",
        "_read",
        "_settings",
        "code",
        "fix",
        "kinds",
        "level",
        "level_override",
        "name",
        "section",
        "triggers",
    )

    def __init__(self, head: dict[str, Any], read: Callable[[str], dict[str, Any]]) -> None:
        self.code: str = head["code"]
        self.name: str = head["name"]
        self.level: str = head["level"]
        self.section: str = head["section"]
        self.kinds: tuple[str, ...] = tuple(head["kinds"])
        self.fix: str = head["fix"]
        self.triggers: tuple[str | dict[str, list[str]], ...] = tuple(head["triggers"])
        self.level_override: str | None = None
        self._read = read
        self._settings: object = None
        self._body: dict[str, Any] | None = None

    @property
    def body(self) -> dict[str, Any]:
        if self._body is None:
            self._body = self._read(self.code)
        return self._body

    def table(self, name: str) -> Any:
        """A table of the rule's YAML, under `tables`."""
        return self.body["tables"][name]

    def triggers_of(self, language: str) -> list[str]:
        """The triggers for one language, `py` or `sh`; all of them for ""."""
        found: list[str] = []
        for trigger in self.triggers:
            if isinstance(trigger, str):
                found.append(trigger)
            else:
                kinds = {language, "advice"} if language else trigger.keys()
                found += [t for of, those in trigger.items() if of in kinds for t in those]
        return found

    def at_level(self, level: str) -> Rule:
        """This rule with every finding at `level`, as a user's settings want it."""
        copy = self._copy()
        copy.level_override = level
        return copy

    def without_advice(self) -> Rule:
        """This rule where nobody asked for its advice: what only that needs is not looked for."""
        needed = tuple(_needed(t) for t in self.triggers if isinstance(t, str) or "advice" not in t)
        if needed == self.triggers:
            return self
        copy = self._copy()
        copy.triggers = needed
        return copy

    def under(self, settings: object) -> Rule:
        """This rule as it judges under a folder's settings."""
        copy = self._copy()
        copy._settings = settings
        named = [t for t in self.triggers if not isinstance(t, str) and "setting" in t]
        if named:
            # the default of a setting is among the rule's own triggers
            chosen = [w for t in named for key in t["setting"] if copy.chosen(key) for w in copy.setting(key)]
            copy.triggers = (*(t for t in self.triggers if t not in named), *chosen)
        return copy

    def setting(self, name: str) -> Any:
        """The value of a setting, `max-cores` or `max_cores`, in the folder of the file that is judged."""
        return getattr(self._settings, name.replace("-", "_"))

    def chosen(self, key: str) -> bool:
        """Whether the user has set a setting, `max-cores`, in the folder of the file that is judged."""
        where = getattr(self._settings, "where", None)
        return where is not None and where(key) != "default"

    def _copy(self) -> Rule:
        copy: Rule = Rule.__new__(Rule)
        for slot in Rule.__slots__:
            setattr(copy, slot, getattr(self, slot))
        return copy

    def finding(
        self,
        span: tuple[int, int],
        *,
        variant: str | None = None,
        fix: Fix | None = None,
        question: Question | None = None,
        related: tuple[Related, ...] = (),
        **values: object,
    ) -> Finding:
        """A finding at `span`; `values` fill the braces of the message of the rule or its `variant`.

        They come from the linted file and are shortened to one line of at most 60 characters, but for `instead`,
        which is the rule's own words.
        """
        body = self.body
        said = {**body, **body.get("variants", {}).get(variant, {})} if variant else body
        level = self.level_override or said.get("level", self.level)
        message = said["message"].format(**{k: v if k == "instead" else shorten(v) for k, v in values.items()})
        return Finding(self.code, level, message, *span, fix, question, related, self.name)


def _needed(trigger: str | dict[str, list[str]]) -> str | dict[str, list[str]]:
    """A trigger where advice is not asked for: of what others call there is nothing but advice to be given."""
    if isinstance(trigger, str):
        return trigger.replace("@reached", "@main")
    return {side: [each.replace("@reached", "@main") for each in those] for side, those in trigger.items()}


def shorten(value: object, most: int = 60) -> object:
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return line if len(line) <= most else line[: most - 1] + "…"
