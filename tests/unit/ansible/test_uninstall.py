"""`uninstall`: what roles store in folders of packages goes, also where a package was there before and stays."""

import re
import subprocess
from pathlib import Path

ROLES = Path(__file__).parents[3] / "ansible/roles"


def test_no_certificate_or_key_of_caddy_is_left() -> None:
    script = (ROLES / "uninstall/files/uninstall").read_text(encoding="utf-8")
    deleting = re.search(r"^rm -f (/etc/sysusers.d/(?:.*\\\n)*.*)$", script, re.MULTILINE)
    assert deleting
    command = f"settings=/etc/postgresql; echo {deleting[1]}"
    gone = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout.split()
    settings = (ROLES / "caddy/templates/Caddyfile.j2").read_text(encoding="utf-8")
    stored = set(re.findall(r"/etc/caddy/\S+\.(?:crt|key)", settings))
    assert len(stored) == 5
    assert stored <= set(gone)
