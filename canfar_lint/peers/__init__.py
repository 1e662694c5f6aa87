"""Linters that run beside ours: found in the environment, started first, collected last."""
