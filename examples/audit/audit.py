"""Lint a list of Git repositories: a JSON file of findings for each. It may be stopped, repeated, and run by many.

    python audit.py repositories.txt results/

As replicas of a session, each takes its share of the list (REPLICA_ID, REPLICA_COUNT).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from canfar.helpers import distributed

SECONDS = 600


def main(listing: Path, results: Path) -> int:
    addresses = sorted(set(listing.read_text().split()))
    results.mkdir(parents=True, exist_ok=True)
    failed = 0
    for number, address in enumerate(distributed.stripe(addresses), start=1):
        target = results / f"{re.sub(r'[^A-Za-z0-9.-]+', '+', address).strip('+')}.json"
        if target.exists():
            continue
        try:
            target_text = audited(address)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{address}: {error}", file=sys.stderr, flush=True)
            failed += 1
            continue
        partial = target.with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(target_text)
        partial.replace(target)
        print(f"{number}: {address}", flush=True)
    return 1 if failed else 0


def audited(address: str) -> bytes:
    """The findings in the newest state of a repository; nothing of it is run, and its own settings do not count."""
    with tempfile.TemporaryDirectory() as folder:
        clone = ["git", "clone", "--quiet", "--depth=1", "--", address, f"{folder}/tree"]
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
        subprocess.run(clone, check=True, timeout=SECONDS, env=environment, stdin=subprocess.DEVNULL)
        lint = ["canfar-lint", "check", "--isolated", "--no-cache", "--output-format=json", "."]
        ran = subprocess.run(lint, cwd=f"{folder}/tree", stdout=subprocess.PIPE, timeout=SECONDS)
        if ran.returncode not in (0, 1):
            raise OSError(f"canfar-lint ended with {ran.returncode}")
        return ran.stdout


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
