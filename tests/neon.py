"""A stand-in of Neon's API: one project with its branches, on the real wire format, as far as we use it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "neon-key-that-nobody-may-see"
PROJECT = "shiny-wind-028834"
PASSWORD = "npg_hushHush123"
NOW = "2026-11-22T12:00:00Z"
HOST = "eu-central-1.aws.neon.tech"

Answer = tuple[int, dict[str, Any]]
BUSY = (
    423,
    {"code": "", "message": "project already has running operations, scheduling of new ones is prohibited"},
)
LIMIT = (422, {"code": "BRANCHES_LIMIT_EXCEEDED", "message": "branches limit exceeded"})
REFUSED = (401, {"code": "", "message": "authentication failed"})
NOT_FOUND = (404, {"code": "", "message": "not found"})


@dataclass
class Neon:
    """The project's state, what was asked of it, and what it is to answer out of order."""

    url: str = ""
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    databases: list[str] = field(default_factory=lambda: ["neondb"])
    operations: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, Answer]] = field(default_factory=list)
    """A method, and what its next call is answered."""
    ends_in: str = "finished"
    numbers: Iterator[int] = field(default_factory=lambda: count(497520))

    def add_branch(self, name: str, **more: Any) -> dict[str, Any]:
        """A branch as the project has it."""
        number = next(self.numbers)
        branch = {
            "id": f"br-sweet-breeze-{number}",
            "project_id": PROJECT,
            "name": name,
            "current_state": "ready",
            "primary": False,
            "default": False,
            "protected": False,
            "creation_source": "console",
            "created_at": NOW,
            "updated_at": NOW,
            **more,
        }
        self.branches[str(branch["id"])] = branch
        return branch

    def add_endpoint(self, branch: str) -> dict[str, Any]:
        """A compute on a branch."""
        identity = f"ep-soft-violet-{next(self.numbers)}"
        endpoint = {
            "id": identity,
            "host": f"{identity}.{HOST}",
            "project_id": PROJECT,
            "branch_id": branch,
            "type": "read_write",
            "current_state": "init",
            "pending_state": "active",
            "created_at": NOW,
        }
        self.endpoints[identity] = endpoint
        return endpoint

    def start(self, action: str, branch: str) -> dict[str, Any]:
        """An operation, which ends after two looks at it."""
        identity = f"a07f8772-1877-4da9-a939-{next(self.numbers):012d}"
        self.operations[identity] = ["scheduling", "running", self.ends_in]
        return self._operation(identity, action, branch)

    def _operation(self, identity: str, action: str, branch: str) -> dict[str, Any]:
        states = self.operations[identity]
        return {
            "id": identity,
            "project_id": PROJECT,
            "branch_id": branch,
            "action": action,
            "status": states[0],
            "failures_count": 0,
            "created_at": NOW,
            "updated_at": NOW,
            "total_duration_ms": 100,
        }

    def writes(self) -> list[str]:
        """The methods of the calls that change something."""
        return [method for method, _ in self.calls if method != "GET"]

    def answer(self, method: str, address: str, token: str, body: dict[str, Any]) -> Answer:
        """What Neon says to a call."""
        self.calls.append((method, address))
        for fault in self.faults:
            if fault[0] == method:
                self.faults.remove(fault)
                return fault[1]
        if token != f"Bearer {KEY}":
            return REFUSED
        parts = urlsplit(address)
        project, _, rest = parts.path.removeprefix("/api/v2/projects/").partition("/")
        if project != PROJECT:
            return NOT_FOUND
        found = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        steps = rest.split("/")
        routes: dict[tuple[str, str, int], Callable[[], Answer]] = {
            ("GET", "branches", 1): lambda: self._list(found.get("search", "")),
            ("POST", "branches", 1): lambda: self._create(body),
            ("GET", "branches", 3): lambda: self._parts_of(steps[1], steps[2]),
            ("DELETE", "branches", 2): lambda: self._delete(steps[1]),
            ("POST", "endpoints", 1): lambda: self._compute(body["endpoint"]["branch_id"]),
            ("GET", "operations", 2): lambda: self._look(steps[1]),
            ("GET", "connection_uri", 1): lambda: self._uri(found),
        }
        return routes.get((method, steps[0], len(steps)), lambda: NOT_FOUND)()

    def _list(self, search: str) -> Answer:
        found = [branch for branch in self.branches.values() if search in (branch["name"] + branch["id"])]
        return 200, {"branches": found, "annotations": {}, "pagination": {"sort_by": "updated_at"}}

    def _create(self, body: dict[str, Any]) -> Answer:
        name = body["branch"]["name"]
        if any(branch["name"] == name for branch in self.branches.values()):
            return 409, {
                "code": "BRANCH_ALREADY_EXISTS",
                "message": "branch with the provided name already exists",
            }
        parent = next(branch for branch in self.branches.values() if branch["default"])
        branch = self.add_branch(name, parent_id=parent["id"], parent_lsn="0/1DE2850", current_state="init")
        endpoints = [self.add_endpoint(branch["id"]) for _ in body.get("endpoints", [])]
        operations = [self.start(action, branch["id"]) for action in ("create_branch", "start_compute")]
        uris = [{"connection_uri": self._string(endpoint["host"], "neondb")} for endpoint in endpoints]
        return 201, {
            "branch": branch,
            "endpoints": endpoints,
            "operations": operations,
            "roles": [
                {"branch_id": branch["id"], "name": "neondb_owner", "password": PASSWORD, "protected": False}
            ],
            "databases": self._databases(branch["id"]),
            "connection_uris": uris,
        }

    def _parts_of(self, branch: str, what: str) -> Answer:
        if branch not in self.branches:
            return NOT_FOUND
        if what == "databases":
            return 200, {"databases": self._databases(branch)}
        return 200, {"endpoints": [one for one in self.endpoints.values() if one["branch_id"] == branch]}

    def _databases(self, branch: str) -> list[dict[str, Any]]:
        return [
            {"id": 834686, "branch_id": branch, "name": name, "owner_name": f"{name}_owner", "created_at": NOW}
            for name in self.databases
        ]

    def _delete(self, branch: str) -> Answer:
        if branch not in self.branches:
            return 204, {}
        gone = self.branches.pop(branch)
        actions = [self.start(action, branch) for action in ("suspend_compute", "delete_timeline")]
        return 200, {"branch": gone, "operations": actions}

    def _compute(self, branch: str) -> Answer:
        endpoint = self.add_endpoint(branch)
        return 201, {"endpoint": endpoint, "operations": [self.start("start_compute", branch)]}

    def _look(self, operation: str) -> Answer:
        if operation not in self.operations:
            return NOT_FOUND
        states = self.operations[operation]
        if len(states) > 1:
            states.pop(0)
        return 200, {"operation": self._operation(operation, "create_branch", "br")}

    def _uri(self, asked: dict[str, str]) -> Answer:
        branch = asked.get("branch_id") or next(one["id"] for one in self.branches.values() if one["default"])
        hosts = [one["host"] for one in self.endpoints.values() if one["branch_id"] == branch]
        if not hosts or asked.get("database_name") not in self.databases or "role_name" not in asked:
            return NOT_FOUND
        host = hosts[0].replace(".", "-pooler.", 1) if asked.get("pooled") == "true" else hosts[0]
        return 200, {"uri": self._string(host, asked["database_name"])}

    @staticmethod
    def _string(host: str, database: str) -> str:
        return (
            f"postgresql://{database}_owner:{PASSWORD}@{host}/{database}?channel_binding=require&sslmode=require"
        )


@contextmanager
def neon() -> Iterator[Neon]:
    """Neon with a project that has its default branch."""
    state = Neon()
    main = state.add_branch("production", default=True, primary=True)
    state.add_endpoint(main["id"])

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.headers.get("Authorization", "")
            status, content = state.answer(self.command, self.path, token, json.loads(body or b"{}"))
            data = b"" if status == 204 else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self._serve
            raise AttributeError(name)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}/api/v2"
        yield state
        server.shutdown()
        thread.join()
