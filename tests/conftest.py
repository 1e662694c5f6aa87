"""Assertions in the harness are told apart as those in tests are."""

import pytest

pytest.register_assert_rewrite("harness")
