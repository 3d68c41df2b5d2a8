#!/usr/bin/python
"""Write several small text files at once: one call to the machine instead of two for each file."""

import os
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: write_files
short_description: Write several small text files at once
description: Creates the folders that are missing. Each file is whole or as it was, also after a power cut.
options:
  folder: {description: Where files without a path of their own are., type: path, default: /}
  folder_mode: {description: The mode of that folder; without one a folder that is there keeps its own., type: str}
  mode: {description: The mode of files without one of their own., type: str, default: "0644"}
  group: {description: The group of files without one of their own., type: str, default: root}
  files:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Its name in the folder., type: str, required: true}
      path: {description: Where it is instead., type: path}
      content: {description: Its text., type: str, required: true}
      mode: {description: Its mode., type: str}
      owner: {description: Its owner., type: str, default: root}
      group: {description: Its group., type: str}
      validate: {description: A command that accepts the file at %s before it is put in place., type: str}
      readers: {description: Who must be told when it changes., type: list, elements: str, default: []}
"""
RETURN = """
readers: {description: Who must be told of what has changed., type: list, returned: always}
"""
FILE = {
    "name": {"type": "str", "required": True},
    "path": {"type": "path"},
    "content": {"type": "str", "required": True},
    "mode": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str"},
    "validate": {"type": "str"},
    "readers": {"type": "list", "elements": "str", "default": []},
}
OPTIONS = {
    "folder": {"type": "path", "default": "/"},
    "folder_mode": {"type": "str"},
    "mode": {"type": "str", "default": "0644"},
    "group": {"type": "str", "default": "root"},
    "files": {"type": "list", "elements": "dict", "required": True, "options": FILE},
}


def main() -> None:
    """Write what differs, and report it."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    given = module.params
    files = [_with_defaults(file, given) for file in given["files"]]
    # All of them first: a play that stops here has written nothing of which a service was not told.
    for file in files:
        _validate(module, file)
    changed = _make_folder(module, Path(given["folder"]), given["folder_mode"])
    diff: list[dict[str, str]] = []
    written = [file for file in files if _write(module, file, diff)]
    readers = sorted({reader for file in written for reader in file["readers"]})
    module.exit_json(changed=changed or bool(written), readers=readers, diff=diff)


def _with_defaults(file: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    path = Path(file["path"] or Path(given["folder"], file["name"]))
    return {
        **file,
        "path": path,
        "mode": file["mode"] or given["mode"],
        "group": file["group"] or given["group"],
        "before": _read(path),
        "after": file["content"].encode(),
    }


def _read(path: Path) -> "bytes | None":
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _validate(module: Any, file: dict[str, Any]) -> None:
    if not file["validate"] or file["before"] == file["after"]:
        return
    with tempfile.NamedTemporaryFile() as new:
        new.write(file["after"])
        new.flush()
        code, out, err = module.run_command(file["validate"] % new.name)
    if code:
        module.fail_json(msg=f"{file['path']} was not written, `{file['validate']}` refuses it: {out}{err}")


def _make_folder(module: Any, folder: Path, mode: "str | None") -> bool:
    """Create a folder and those above it that are missing; whether anything was to do."""
    if folder.is_dir():
        return bool(mode) and bool(module.set_mode_if_different(str(folder), mode, False))
    if not module.check_mode:
        folder.mkdir(mode=0o700, parents=True)
        folder.chmod(int(mode or "0755", 8))
    return True


def _write(module: Any, file: dict[str, Any], diff: list[dict[str, str]]) -> bool:
    """Write one file if it differs; whether it did."""
    path = file["path"]
    if file["before"] == file["after"]:
        return _own(module, str(path), file)
    before = (file["before"] or b"").decode(errors="replace")
    diff.append(
        {"before": before, "after": file["content"], "before_header": str(path), "after_header": str(path)}
    )
    if not module.check_mode:
        _replace(module, file)
    return True


def _own(module: Any, path: str, file: dict[str, Any]) -> bool:
    changed = module.set_owner_if_different(path, file["owner"], False)
    changed = module.set_group_if_different(path, file["group"], changed)
    return bool(module.set_mode_if_different(path, file["mode"], changed))


def _replace(module: Any, file: dict[str, Any]) -> None:
    """Put a new file in its place in one step, readable by nobody else before it has its owner and mode."""
    folder = file["path"].parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    number, unfinished = tempfile.mkstemp(prefix=".", dir=folder)
    try:
        with os.fdopen(number, "wb") as new:
            new.write(file["after"])
            new.flush()
            os.fsync(new.fileno())
        _own(module, unfinished, file)
        Path(unfinished).replace(file["path"])
    finally:
        Path(unfinished).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
