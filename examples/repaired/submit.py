"""Submit one batch session for each night given."""

import sys

from canfar.sessions import Session

session = Session()
for night in sys.argv[1:]:
    ids = session.create(
        name=f"m31-{night}",
        image="images.canfar.net/m31/photometry:1.2",
        cores=4,
        ram=16,
        cmd="/opt/m31/night.sh",
        args=night,
        env={"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"},
    )
    if not ids:
        sys.exit(f"{night} was refused")
