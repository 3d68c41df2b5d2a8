"""The passwords of Valkey's users, all of which follow from one secret of the machine that it runs on."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any


def valkey_password(user: str, secret: str) -> str:
    """Return a user's password. Whoever knows it knows neither the secret nor another one's."""
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


class FilterModule:
    """The filters that Ansible finds here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"valkey_password": valkey_password}
