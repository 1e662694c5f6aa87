"""canfar-lint: reads an astronomy pipeline and says what will go wrong on the CANFAR Science Platform."""

__version__ = "0.1.0"
