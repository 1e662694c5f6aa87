"""What compose files build: which Dockerfile makes the image of a service."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.diagnostic import Fact
from canfar_lint.model.yamlfile import services
from canfar_lint.source import Source


def yaml(source: Source) -> Iterator[Fact]:
    """Services with both an image's name and a folder that it is built in."""
    for service in services(source):
        given = service.image, service.context, service.dockerfile
        if service.image and service.context and "://" not in service.context and not any("$" in g for g in given):
            data: dict[str, object] = {"name": service.image, "file": service.dockerfile, "folder": service.context}
            yield Fact("image build", service.start, service.end, data)
