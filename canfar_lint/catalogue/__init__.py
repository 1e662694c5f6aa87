"""The rules as data: written in YAML under `rules/`, compiled to JSON, read lazily."""

from canfar_lint.catalogue.load import Catalogue, load
from canfar_lint.catalogue.rule import Rule

__all__ = ["Catalogue", "Rule", "load"]
