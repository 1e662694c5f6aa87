import sys

from canfar_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
