import os
import sys

# `python -m` puts the working directory first on the path: nothing of what is linted there may be imported
if sys.path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from canfar_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
