"""Rules of one observatory, for canfar-lint."""
