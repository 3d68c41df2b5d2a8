"""What runs on the operator's own machine, runs as the operator."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

ANSIBLE = Path(__file__).parents[3] / "ansible"


def test_who_becomes_root_on_all_hosts_does_not_build_the_release_as_root(tmp_path: Path) -> None:
    """With `ansible_become` in group_vars/all, which localhost has as well. The way to root fails here."""
    (build,) = [
        task
        for path in ANSIBLE.glob("roles/*/tasks/*.yml")
        for task in yaml.safe_load(path.read_text(encoding="utf-8"))
        if task.get("delegate_to") == "localhost"
    ]
    asked = {**build, "ansible.builtin.command": {"argv": ["echo", "built"]}}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [asked]}]))
    become = {"ansible_become": True, "ansible_become_user": "nobody", "ansible_become_exe": "no-way-to-root"}
    inventory = {"all": {"vars": become, "hosts": {"machine": {"ansible_connection": "local"}}}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "--inventory", "hosts.json", "play.yml"]
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
