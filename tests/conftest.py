"""Assertions in the harness are told apart as those in tests are."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("harness")
# how long an example takes says more of the machine than of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
