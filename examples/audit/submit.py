"""Start the audit as headless replicas: each takes every 50th repository of the list."""

from canfar.sessions import Session

if __name__ == "__main__":
    started = Session().create(
        name="audit",
        image="images.canfar.net/observatory/audit:2026.1",
        kind="headless",
        cores=2,
        ram=4,
        cmd="python",
        args="/opt/audit/audit.py /arc/projects/observatory/repositories.txt /arc/projects/observatory/findings",
        replicas=50,
    )
    print("\n".join(started))
