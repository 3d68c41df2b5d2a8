"""DDL of what we keep, and the statements of an import that run over whole tables."""

from importlib.resources import files


def statements(name: str) -> list[bytes]:
    """The statements of one of the files here, in their order."""
    parts = (files(__name__) / name).read_bytes().split(b";\n")
    return [statement for part in parts if (statement := part.strip())]
