"""Settings: which file counts, what is refused and how, and which rules follow."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

import pytest

from canfar_lint.catalogue import load
from canfar_lint.settings import Layer, Resolver, Settings, SettingsError, project_root
from canfar_lint.settings.globs import PatternError, Patterns, anchored, expression
from canfar_lint.settings.keys import KEYS
from canfar_lint.settings.select import Selection, covers
from canfar_lint.settings.values import WrongValue, checked


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no settings of the user's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def chosen(**values: object) -> Settings:
    """Settings as one layer of a settings file would make them."""
    return Settings("/project", "", (Layer("file.toml", {name.replace("_", "-"): v for name, v in values.items()}),))


# -- which file -----------------------------------------------------------------------------------------------


def test_the_closest_file_wins_and_nothing_is_merged(alone: Path) -> None:
    put(alone / "pyproject.toml", '[tool.canfar-lint]\nmax-cores = 4\nfail-on = "error"\n')
    put(alone / "inner/canfar-lint.toml", "max-cores = 8\n")
    resolver = Resolver()
    assert resolver.base.max_cores == 4
    inner = resolver.of_file("inner/deep/run.py")
    assert (inner.max_cores, inner.fail_on, inner.root) == (8, "warning", str(alone / "inner"))


def test_order_of_names_in_one_folder(alone: Path) -> None:
    put(alone / "pyproject.toml", "[tool.canfar-lint]\nmax-cores = 1\n")
    assert Resolver().base.max_cores == 1
    put(alone / "canfar-lint.toml", "max-cores = 2\n")
    assert Resolver().base.max_cores == 2
    put(alone / ".canfar-lint.toml", "max-cores = 3\n")
    assert Resolver().base.max_cores == 3


def test_a_pyproject_without_our_table_does_not_count(alone: Path) -> None:
    put(alone / "pyproject.toml", "[tool.canfar-lint]\nmax-cores = 4\n")
    put(alone / "inner/pyproject.toml", '[project]\nname = "x"\ndependencies = ["canfar-lint"]\n')
    assert Resolver().of_file("inner/run.py").max_cores == 4


def test_a_broken_pyproject_of_someone_else_is_no_business_of_ours(alone: Path) -> None:
    put(alone / "pyproject.toml", "[tool.other\n")
    assert Resolver().base.file == ""


def test_extend_inherits_and_is_relative_to_its_own_file(alone: Path) -> None:
    put(alone / "shared/base.toml", 'max-cores = 4\nmax-ram = 10\nextend-exclude = ["gen/*.py"]\n')
    put(alone / "canfar-lint.toml", 'extend = "shared/base.toml"\nmax-cores = 6\nextend-exclude = ["old"]\n')
    settings = Resolver().base
    assert (settings.max_cores, settings.max_ram) == (6, 10)
    assert settings.extend_exclude == (str(alone / "shared/gen/*.py"), "old")
    assert settings.where("max-ram") == "shared/base.toml:2"


def test_extend_in_a_circle_and_to_nowhere(alone: Path) -> None:
    put(alone / "a.toml", 'extend = "canfar-lint.toml"\n')
    put(alone / "canfar-lint.toml", 'extend = "a.toml"\n')
    with pytest.raises(SettingsError, match=r"^a\.toml:1: `extend` goes round in a circle"):
        Resolver()
    put(alone / "canfar-lint.toml", '\nextend = "b.toml"\n')
    with pytest.raises(SettingsError, match=r"^canfar-lint\.toml:2: `extend` names b\.toml, which is no file"):
        Resolver()


def test_the_users_own_file_counts_where_there_is_no_other(alone: Path, tmp_path: Path) -> None:
    put(tmp_path / "config/canfar-lint/canfar-lint.toml", 'max-cores = 2\nexclude = ["a/b"]\n')
    assert Resolver().base.max_cores == 2
    assert Resolver().base.exclude == (str(alone / "a/b"),)
    put(alone / "canfar-lint.toml", "max-ram = 3\n")
    assert Resolver().base.max_cores == 16


def test_one_file_for_all_and_none(alone: Path) -> None:
    put(alone / "canfar-lint.toml", "max-cores = 4\n")
    put(alone / "other/mine.toml", 'max-cores = 5\nexclude = ["x/y"]\n')
    fixed = Resolver(file="other/mine.toml")
    assert fixed.of_file("run.py").max_cores == 5
    assert fixed.base.exclude == (str(alone / "x/y"),)
    assert Resolver(isolated=True).of_file("run.py").max_cores == 16


def test_flags_overrule_every_file(alone: Path) -> None:
    put(alone / "inner/canfar-lint.toml", "max-cores = 8\nmax-ram = 9\n")
    settings = Resolver((Layer("", {"max-cores": 1}),)).of_file("inner/run.py")
    assert (settings.max_cores, settings.max_ram) == (1, 9)
    assert settings.where("max-cores") == "--max-cores"
    assert settings.where("max-file-size") == "default"


def test_project_root(alone: Path) -> None:
    (alone / "repo/.git").mkdir(parents=True)
    put(alone / "repo/inner/canfar-lint.toml", "")
    (alone / "repo/inner/deep").mkdir()
    assert project_root(str(alone / "repo/inner/deep")) == str(alone / "repo/inner")
    assert project_root(str(alone / "repo")) == str(alone / "repo")


# -- what is refused ------------------------------------------------------------------------------------------

PYPROJECT = """\
[project]
name = "select"
[tool.other]
selec = 1
[tool.canfar-lint]
fix = true
{}
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('selec = ["CAN"]', "pyproject.toml:7: unknown key `selec`, did you mean `select`?"),
        ("max_cores = 3", "pyproject.toml:7: unknown key `max_cores`, did you mean `max-cores`?"),
        ("zzz = 3", "pyproject.toml:7: unknown key `zzz`; `canfar-lint config` lists the keys"),
        ('max-cores = "3"', 'pyproject.toml:7: `max-cores` must be a whole number above 0, not "3"'),
        ("max-cores = true", "pyproject.toml:7: `max-cores` must be a whole number above 0, not true"),
        ("max-ram = -1", "pyproject.toml:7: `max-ram` must be a number above 0, not -1"),
        ('fail-on = "all"', 'pyproject.toml:7: `fail-on` must be one of error, warning, advice, never, not "all"'),
        ('select = "CAN"', 'pyproject.toml:7: `select` must be a list of selectors, not "CAN"'),
        ("ruff = 1", "pyproject.toml:7: `ruff` must be true or false, not 1"),
        ('max-file-size = "big"', 'pyproject.toml:7: `max-file-size` must be bytes or a size such as "20 MB"'),
        ("request = {core = 1}", "pyproject.toml:7: `request` has the keys cores, ram, replicas, not core"),
        ('exclude = ["a[b"]', 'pyproject.toml:7: `exclude` has the pattern "a[b", in which a bracket is never closed'),
        ("fix = false", "pyproject.toml:7: "),
        ("[tool.canfar-lint.level]\nCAN301 = 1", "pyproject.toml:7: unknown key `level`, did you mean `levels`?"),
        ('levels = {CAN301 = "loud"}', 'pyproject.toml:7: `levels` must be one of error, warning, advice, not "loud"'),
    ],
)  # fmt: skip
def test_an_error_names_file_line_and_key(alone: Path, line: str, words: str) -> None:
    put(alone / "pyproject.toml", PYPROJECT.format(line))
    with pytest.raises(SettingsError) as caught:
        Resolver()
    assert str(caught.value).startswith(words)


def test_bytes_that_are_no_text(alone: Path) -> None:
    (alone / "canfar-lint.toml").write_bytes(b"# one\n# \xff\n")
    with pytest.raises(SettingsError, match=r"^canfar-lint\.toml:2: the file is not UTF-8"):
        Resolver()


@pytest.mark.parametrize("wanted", [">=0.0.1", "==0.1.*", "~=0.1", ">=0.1,<1"])
def test_required_version_that_fits(alone: Path, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canfar_lint.__version__", "0.1.7")
    put(alone / "canfar-lint.toml", f'required-version = "{wanted}"\n')
    assert Resolver().base.required_version == wanted


@pytest.mark.parametrize("wanted", [">=99", "==0.1", "!=0.1.*", "~=0.2", "<0.1"])
def test_required_version_that_does_not_fit_is_told_before_unknown_keys(
    alone: Path, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("canfar_lint.__version__", "0.1.7")
    put(alone / "canfar-lint.toml", f'key-of-the-future = 1\nrequired-version = "{wanted}"\n')
    with pytest.raises(SettingsError, match=r"^canfar-lint\.toml:2: `required-version` asks for .*, this is 0\.1\.7"):
        Resolver()


def test_every_default_is_a_value_its_own_check_takes() -> None:
    for key in KEYS:
        if key.default is not None:
            assert checked(key, key.default, "/") == key.default, key.name


def test_sizes() -> None:
    key = next(key for key in KEYS if key.name == "max-file-size")
    assert [checked(key, value, "/") for value in ("20 MB", "1MiB", "3k", "7", 9)] == [20_000_000, 1048576, 3000, 7, 9]
    with pytest.raises(WrongValue):
        checked(key, 0, "/")


# -- the object -----------------------------------------------------------------------------------------------


def test_settings_are_frozen_picklable_and_equal_by_what_they_say(alone: Path) -> None:
    put(alone / "a/canfar-lint.toml", 'max-cores = 4\nselect = ["CAN3"]\n')
    put(alone / "b/canfar-lint.toml", '# other lines\nselect = ["CAN3"]\nmax-cores = 4\n')
    put(alone / "c/canfar-lint.toml", 'max-cores = 4\nselect = ["CAN1"]\n')
    a, b, c = (Resolver().of_file(f"{name}/run.py") for name in "abc")
    assert a.key == b.key != c.key
    assert a != b
    assert a == Resolver().of_file("a/other.py")
    assert hash(a) == hash(Resolver().of_file("a/other.py"))
    copy = pickle.loads(pickle.dumps(a))
    assert copy == a
    assert (copy.max_cores, copy.root, copy.where("select")) == (4, a.root, "a/canfar-lint.toml:2")
    with pytest.raises(AttributeError):
        a.max_cores = 5
    with pytest.raises(AttributeError):
        _ = a.nothing_of_the_kind


# -- patterns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("build", "/p/build", True),
        ("build", "/p/x/build", True),
        ("build", "/p/builder", False),
        ("*.gen.py", "/p/x/a.gen.py", True),
        ("src/*.py", "/p/src/a.py", True),
        ("src/*.py", "/p/src/deep/a.py", True),
        ("src/*.py", "/p/other/src/a.py", False),
        ("src/**/a.py", "/p/src/a.py", True),
        ("src/**/a.py", "/p/src/x/y/a.py", True),
        ("**/src/a.py", "/p/x/src/a.py", True),
        ("./src/a.py", "/p/src/a.py", True),
        ("src/", "/p/src", True),
        ("a[0-9].py", "/p/a7.py", True),
        ("a[!0-9].py", "/p/a7.py", False),
        ("{a,b}*.py", "/p/box.py", True),
        ("{a,b}*.py", "/p/cox.py", False),
        ("a?.py", "/p/ab.py", True),
        ("a.py", "/p/aXpy", False),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert Patterns((anchored(pattern, "/p"),)).match(path.rpartition("/")[2], path) is matches


def test_a_root_with_magic_characters_is_only_itself() -> None:
    assert Patterns((anchored("src/*.py", "/p[1]/{x}"),)).match("a.py", "/p[1]/{x}/src/a.py")
    assert not Patterns((anchored("src/*.py", "/p[1]/{x}"),)).match("a.py", "/p1/x/src/a.py")


@pytest.mark.parametrize("pattern", ["a[b", "{a,b", "a[z-a]"])
def test_patterns_that_cannot_be_read(pattern: str) -> None:
    with pytest.raises(PatternError):
        expression(pattern)


# -- selection ------------------------------------------------------------------------------------------------

CATALOGUE = load()
ALL = set(CATALOGUE.rules)
ADVICE = {code for code, rule in CATALOGUE.rules.items() if rule.level == "advice"}
MEMORY = {code for code in ALL if code.startswith("CAN3")}


def select(*layers: dict[str, object]) -> Selection:
    return Selection(Settings("/project", "", tuple(Layer("file.toml", dict(one)) for one in layers)), CATALOGUE)


def test_the_default_set_is_errors_and_warnings_and_the_ruff_set() -> None:
    found = select({})
    assert set(found.rules) == ALL - ADVICE
    assert found.ruff == ("F63", "F7", "F82", "PLE", "T100")
    assert found.hadolint == ("DL", "SC")


def test_levels_move_rules_in_and_out_of_the_default_set() -> None:
    found = select({"levels": {"memmap-off": "advice"}})
    assert "CAN301" not in found.rules
    found = select({"levels": {"CAN301": "error"}})
    assert found.rules["CAN301"].level_override == "error"
    assert CATALOGUE.rules["CAN301"].level_override is None
    found = select({"levels": {"CAN301": "advice"}, "extend-select": ("CAN301",)})
    assert found.rules["CAN301"].level_override == "advice"


@pytest.mark.parametrize(
    ("selectors", "codes", "ruff"),
    [
        (("CAN301",), {"CAN301"}, ()),
        (("memmap-off",), {"CAN301"}, ()),
        (("CAN3",), MEMORY, ()),
        (("memory",), MEMORY, ()),
        (("ALL",), ALL, ("F63", "F7", "F82", "PLE", "T100")),
        (("CAN",), ALL, ()),
        (("F401", "S", "CAN301"), {"CAN301"}, ("F401", "S")),
        (("unused-import",), set(), ("F401",)),
        ((), set(), ()),
    ],
)
def test_an_explicit_selection_replaces_both_parts(
    selectors: tuple[str, ...], codes: set[str], ruff: tuple[str, ...]
) -> None:
    found = select({"select": selectors})
    assert set(found.rules) == codes
    assert found.ruff == ruff


def test_selection_by_hadolints_codes() -> None:
    found = select({"select": ("DL3008",), "ignore": ("SC2086",)})
    assert (found.hadolint, found.hadolint_ignore, found.ruff, found.rules) == (("DL3008",), ("SC2086",), (), {})


def test_the_more_exact_selector_wins_and_ignore_wins_a_tie() -> None:
    assert set(select({"select": ("CAN301",), "ignore": ("CAN3",)}).rules) == {"CAN301"}
    assert "CAN301" not in select({"select": ("CAN3",), "ignore": ("CAN301",)}).rules
    assert select({"select": ("CAN301",), "ignore": ("memmap-off",)}).rules == {}
    assert "CAN301" not in select({"ignore": ("memory",)}).rules


def test_a_nearer_layer_overrules_a_farther_one() -> None:
    far = {"select": ("CAN3",), "ignore": ("F401", "CAN301")}
    assert set(select(far, {"extend-select": ("CAN301", "F401")}).rules) == MEMORY
    assert select(far, {"extend-select": ("F401",)}).ruff_ignore == ()
    assert select(far, {"ignore": ("CAN3",)}).rules == {}
    assert set(select(far, {"select": ("CAN301",)}).rules) == {"CAN301"}


def test_ruff_and_hadolint_can_be_switched_off() -> None:
    found = select({"ruff": False, "hadolint": False, "select": ("F401", "DL3008", "CAN301")})
    assert (found.ruff, found.hadolint, set(found.rules)) == ((), (), {"CAN301"})


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("memmap-of", "did you mean `memmap-off`?"),
        ("CAN310x", "did you mean"),
        ("CAN399", "did you mean"),
        ("BLAH", ""),
        ("F99999", "`ruff rule --all` lists the rules"),
        ("f401", ""),
        ("contaners", "did you mean `containers`?"),
        ("", ""),
    ],
)
def test_an_unknown_selector_is_named_with_its_place(alone: Path, word: str, hint: str) -> None:
    put(alone / "canfar-lint.toml", f'fix = true\nignore = ["{word}"]\n')
    resolver = Resolver()
    with pytest.raises(SettingsError) as caught:
        resolver.selection(resolver.base)
    assert str(caught.value).startswith(f"canfar-lint.toml:2: unknown rule selector `{word}` in `ignore`")
    assert hint in str(caught.value)


def test_levels_take_rules_not_groups() -> None:
    with pytest.raises(SettingsError, match="`levels` takes codes and names, not `CAN3`"):
        select({"levels": {"CAN3": "advice"}})


def test_prefixes_respect_the_letters_of_a_code() -> None:
    assert covers("F", "F401")
    assert not covers("F", "FBT001")
    assert covers("PL", "PLE0100")
    assert covers("F8", "F821")
    assert not covers("F82", "F811")


def test_known_ruff_prefixes_are_those_of_the_installed_ruff() -> None:
    from canfar_lint.peers.ruff import find
    from canfar_lint.settings.select import _RUFF, ruff_codes

    ruff = find()
    assert ruff is not None
    listed = subprocess.run([ruff, "linter"], capture_output=True, text=True, check=True).stdout
    prefixes = {part for line in listed.splitlines() for part in line.split()[0].split("/")}
    letters = {prefix.rstrip("0123456789") for prefix in prefixes}
    assert letters <= set(_RUFF)
    assert ruff_codes()["unused-import"] == "F401"


def test_per_file_ignores(alone: Path) -> None:
    put(
        alone / "canfar-lint.toml",
        '[per-file-ignores]\n"test_*.py" = ["CAN3", "F401"]\n"old/*" = ["ALL"]\n"!src/*" = ["batch", "SC2086"]\n',
    )
    resolver = Resolver()
    found = resolver.selection(resolver.base)
    in_test = found.ignored("src/test_a.py")
    assert "CAN301" in in_test
    assert "F401" in in_test
    assert "F821" not in in_test
    assert "CAN999" in found.ignored("old/x/y.py")
    assert "SC2086" in found.ignored("run.sh")
    assert "SC2086" not in found.ignored("src/run.sh")
    assert not found.ignored("src/a.py")


def test_which_fixes_may_be_applied() -> None:
    found = select({"fixable": ("CAN3",), "unfixable": ("CAN301",), "extend-fixable": ("F401",)})
    assert [found.fixable(code) for code in ("CAN302", "CAN301", "CAN701", "F401", "F821")] == [
        "CAN302" in ALL, False, False, True, False,
    ]  # fmt: skip
    assert not select({"unfixable": ("CAN301",)}).fixable("CAN301")
    found = select({"extend-safe-fixes": ("F401",), "extend-unsafe-fixes": ("CAN301",)})
    assert found.applicability("F401", "unsafe") == "safe"
    assert found.applicability("CAN301", "safe") == "unsafe"
    assert found.applicability("CAN301", "display") == "display"


def test_advice_within_a_rule_counts_only_where_the_rule_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CAN706 is a warning of its own, but for uv only advice: the default run leaves that out."""
    from canfar_lint.engine import run
    from canfar_lint.settings.read import inline_layer

    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN uv sync --frozen\n", "utf-8")

    def codes(**values: object) -> list[str]:
        layers = tuple(inline_layer(f"{key} = {value!r}", str(tmp_path)) for key, value in values.items())
        resolver = Resolver(tuple(layer for layer in layers if layer is not None), isolated=True)
        return [d.code for d in run([("Dockerfile", "dockerfile")], resolver, jobs=1).diagnostics]

    assert codes() == []
    assert codes(select=["CAN706"]) == ["CAN706"]
    assert codes(**{"extend-select": ["CAN7"]}).count("CAN706") == 1
