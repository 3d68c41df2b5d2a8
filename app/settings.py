"""Settings: every environment variable of app and worker, read once at the start into one frozen object."""

import re
import secrets
from collections.abc import Iterable, Mapping
from hashlib import blake2b, scrypt
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from app.redis.sentinel_url import SCHEMES, is_sentinel_url, parse_sentinel_url

REAL_LASTFM = "ws.audioscrobbler.com"
REAL_COVER_ART = "https://coverartarchive.org"
MEGABYTE = 1_000_000
"""Bytes in a MB of a setting."""
MAX_RATE_AT_LASTFM = 4.0  # calls per second; Last.fm suspends keys that call more often

WEB_NEEDS = ("DATABASE_URL", "MIRROR_URL", "REDIS_URL")
WORKER_NEEDS = (*WEB_NEEDS, "LASTFM_API_KEY", "CONTACT")
OPERATOR_NEEDS = ("MIRROR_URL", "REDIS_URL", "OPERATOR_PASSWORD")
SWITCHED_OFF_BY_NOTHING = ("COVER_ART_URL",)
"""Variables of which an empty value says more than that they are not set."""


class BadSettings(Exception):
    """The environment cannot be used; the message names each variable at fault and what it should be."""


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: SecretStr | str) -> SecretStr | str:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        try:
            scheme = urlsplit(text).scheme
        except ValueError:
            # The error's own message may contain the password.
            raise ValueError("should be a URL") from None
        if text and scheme not in schemes:
            raise ValueError("should begin with " + " or ".join(f"{scheme}:" for scheme in schemes))
        return value

    return AfterValidator(check)


def _redis(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if is_sentinel_url(text):
        parse_sentinel_url(text)
    elif text:
        try:
            _ = urlsplit(text).port
        except ValueError:
            # The error's own message may contain the password.
            raise ValueError(
                "should have a port that is a number; several hosts are for redis+sentinel:, and in a password"
                " / is %2F, @ is %40"
            ) from None
    return value


def _site(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("should be a URL") from None
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    if value and (not host or value.rstrip("/").lower() != origin.lower()):
        raise ValueError("should be only a scheme and a host, such as https://lastyear.example.org")
    return value and origin


def _networks(value: str) -> str:
    for text in filter(None, map(str.strip, value.split(","))):
        try:
            is_everybody = ip_network(text).prefixlen == 0
        except ValueError:
            is_everybody = True
        if is_everybody:
            raise ValueError(
                f"should be addresses or networks, such as 203.0.113.0/24, 2001:db8::/32, separated by commas;"
                f" {text[:50]!r} is none"
            )
    return value


DatabaseURL = Annotated[SecretStr, _scheme("postgresql", "postgres")]
RedisURL = Annotated[SecretStr, _scheme("redis", "rediss", "unix", *SCHEMES), AfterValidator(_redis)]
WebhookURL = Annotated[SecretStr, _scheme("http", "https")]
WebURL = Annotated[str, _scheme("http", "https")]
SiteURL = Annotated[str, _scheme("http", "https"), AfterValidator(_site)]
Networks = Annotated[str, AfterValidator(_networks)]
DumpURL = Annotated[str, _scheme("http", "https", "file")]


def _fingerprint(value: str) -> str:
    text = value.replace(" ", "").upper()
    if text and not re.fullmatch(r"[0-9A-F]{40}", text):
        raise ValueError("should be the 40 hexadecimal digits of a key's fingerprint")
    return text


Fingerprint = Annotated[str, AfterValidator(_fingerprint)]


def _in_small_letters(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_in_small_letters)]
LogFormat = Annotated[Literal["logfmt", "json"], BeforeValidator(_in_small_letters)]

NOTHING = SecretStr("")


class Settings(BaseModel):
    """The settings. A field's name in capitals is its variable; an empty value means that it is not set.

    Only those in SWITCHED_OFF_BY_NOTHING are switched off by it.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    database_url: DatabaseURL = Field(
        NOTHING, description="The app database, at Neon or any PostgreSQL; a pooled host works"
    )
    database_direct_url: DatabaseURL = Field(
        NOTHING, description="The same database without the pooler, for migrations; default: `DATABASE_URL`"
    )
    mirror_url: DatabaseURL = Field(NOTHING, description="The MusicBrainz mirror, as a role that may only read")
    mirror_owner_url: DatabaseURL = Field(
        NOTHING, description="The mirror as its owner, for import and replication"
    )
    redis_url: RedisURL = Field(
        NOTHING, description="Redis or Valkey, for queues, progress and rate limits; also by its sentinels"
    )
    lastfm_api_key: SecretStr = Field(
        NOTHING, description="Your own key from https://www.last.fm/api/account/create"
    )
    lastfm_api_url: WebURL = Field(f"https://{REAL_LASTFM}/2.0/", description="The address of Last.fm's API")
    lastfm_web_url: WebURL = Field("https://www.last.fm", description="The address of Last.fm's profiles")
    lastfm_requests_per_second: float = Field(
        2.0, gt=0, le=100, description="Calls per second of all workers together; at Last.fm itself at most 4"
    )
    lastfm_head_check: bool = Field(
        True, description="Whether to request an unknown listener's profile page before asking the API"
    )
    lastfm_storage_mb: int = Field(
        100,
        ge=1,
        description="Most MB of Last.fm's data to store (its terms allow 100): plays long unseen give way",
    )
    internal_token: SecretStr = Field(
        NOTHING,
        description="Bearer token of `/internal/job-update`; without one, that address is closed. Of several, with"
        " commas between, each is taken, and workers send the first",
    )
    progress_webhook_url: WebURL = Field(
        "", description="Where workers post progress; without one, they publish it in Redis themselves"
    )
    operator_password: SecretStr = Field(
        NOTHING,
        description="Password of the operator's pages, for the user `operator`; without one, they do not start",
    )
    operator_may_change: bool = Field(
        False,
        description="Whether the operator's pages have buttons: fetch, forget, pause, tell visitors, requeue jobs",
    )
    operator_webhook_url: WebhookURL = Field(
        NOTHING,
        description="Where the doctor's timer posts what is no longer well, and what is well again, as JSON",
    )
    musicbrainz_dump_url: DumpURL = Field(
        "https://data.metabrainz.org/pub/musicbrainz/data/fullexport/",
        description="The address of MusicBrainz's exports, http(s) or file",
    )
    musicbrainz_signing_key: Fingerprint = Field(
        "",
        description="Fingerprint of the key that must have signed an export; without one, the signature is only"
        " checked where gpg has MusicBrainz's key",
    )
    musicbrainz_packet_url: WebURL = Field(
        "https://metabrainz.org/api/musicbrainz/", description="The address of replication packets"
    )
    metabrainz_token: SecretStr = Field(
        NOTHING, description="Access token for replication packets, from https://metabrainz.org/profile"
    )
    cover_art_url: WebURL = Field(
        REAL_COVER_ART,
        description="The Cover Art Archive, from which workers fetch album covers; set to nothing, there are none",
    )
    covers_folder: str = Field("", description="Where the pages keep covers; without one, there are none")
    covers_mb: int = Field(
        500, ge=1, description="Most MB of covers to keep in that folder: those shown longest ago give way"
    )
    contact: str = Field("", description="A URL or mail address for the User-Agent, so that Last.fm can reach you")
    site_url: SiteURL = Field(
        "",
        description="The site's own address, as `https://lastyear.example.org`, for links that leave it;"
        " default: the host asked for",
    )
    trusted_proxies: Networks = Field(
        "",
        description="Addresses or networks of proxies before ours, with commas between:"
        " whose `X-Forwarded-For` is believed",
    )
    log_level: LogLevel = Field(
        "info", description="From which level on everything logs: `debug`, `info`, `warning` or `error`"
    )
    log_format: LogFormat = Field(
        "logfmt", description="A line of the log: `logfmt` (key=value) or `json` (an object)"
    )
    log_names: bool = Field(
        False, description="Whether listeners are named in logs; otherwise a token stands for each"
    )
    backup_folder: str = Field("", description="Where `lastyear backup` writes dumps of the app database")
    backup_keep: int = Field(7, ge=1, description="How many of these dumps to keep")
    port: int = Field(8000, ge=1, le=65535, description="The port that the site listens on")

    @model_validator(mode="after")
    def _respect_lastfms_limit(self) -> Self:
        real = urlsplit(self.lastfm_api_url).hostname == REAL_LASTFM
        if real and self.lastfm_requests_per_second > MAX_RATE_AT_LASTFM:
            raise ValueError(
                f"LASTFM_REQUESTS_PER_SECOND: should be at most {MAX_RATE_AT_LASTFM:g} at Last.fm itself"
            )
        return self

    @property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks in TRUSTED_PROXIES."""
        return tuple(ip_network(text.strip()) for text in self.trusted_proxies.split(",") if text.strip())

    @property
    def internal_tokens(self) -> tuple[str, ...]:
        """The tokens in INTERNAL_TOKEN."""
        texts = self.internal_token.get_secret_value().split(",")
        return tuple(text.strip() for text in texts if text.strip())

    @property
    def migrations_url(self) -> str:
        """The database URL for migrations."""
        return self.database_direct_url.get_secret_value() or self.database_url.get_secret_value()

    @property
    def mirror_reader(self) -> str | None:
        """The role that reads the mirror, which an import must grant access; None when it is the owner itself."""
        reader = urlsplit(self.mirror_url.get_secret_value()).username
        return None if reader == urlsplit(self.mirror_owner_url.get_secret_value()).username else reader

    @property
    def log_names_key(self) -> bytes:
        """The key of the tokens that stand for listeners in logs: the same wherever the app database is.

        It is another one each time where it could be guessed, as DATABASE_URL has no password.
        """
        return self._derived_key(b"names in logs")

    @property
    def covers_key(self) -> bytes:
        """The key of what makes an address of a cover ours, with the same properties.

        What follows from it is public: it takes a moment to derive, so that nobody tries passwords by it.
        """
        return scrypt(self._derived_key(b"covers"), salt=b"covers", n=2**14, r=8, p=1, dklen=32)

    @property
    def shows_covers(self) -> bool:
        """Whether the pages show album covers."""
        return bool(self.cover_art_url and self.covers_folder)

    @property
    def has_lasting_log_tokens(self) -> bool:
        """Whether a listener's token in logs is the same in every process."""
        return bool(_passwords([self.database_url.get_secret_value()]))

    def _derived_key(self, purpose: bytes) -> bytes:
        url = self.database_url.get_secret_value()
        secret = url.encode() if self.has_lasting_log_tokens else secrets.token_bytes(32)
        return blake2b(secret, person=purpose).digest()

    def secrets(self) -> tuple[str, ...]:
        """Return each value that must never appear in a log, including passwords in URLs."""
        values = [value for value in self.__dict__.values() if isinstance(value, SecretStr)]
        texts = [value.get_secret_value() for value in values]
        written = _passwords(texts)
        passwords = [*written, *map(unquote, written), *self.internal_tokens]
        return tuple({text for text in [*texts, *passwords] if len(text) > 3})


def _passwords(texts: Iterable[str]) -> list[str]:
    """Return the passwords in those texts that are URLs, as they are written there."""
    parts = [urlsplit(text) for text in texts if "://" in text]
    options = [pair.partition("=") for one in parts for pair in one.query.split("&")]
    found = [*(one.password for one in parts), *(value for name, _, value in options if name.endswith("password"))]
    return [password for password in found if password]


VARIABLES = {name.upper(): field for name, field in Settings.model_fields.items()}
"""Variable name -> pydantic field, in the order in which the documentation lists them."""


def read_settings(environ: Mapping[str, str], needs: Iterable[str] = WEB_NEEDS) -> Settings:
    """Read the settings from `environ`, where a variable `X` may also be a file that `X_FILE` names.

    `needs` lists the variables without which the caller cannot start.
    Raises BadSettings with one line for every variable at fault.
    """
    values, faults = _gather(environ)
    faults += [f"{name}: missing. {VARIABLES[name].description}" for name in needs if not values.get(name.lower())]
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += [_explain(fault["loc"], fault["msg"]) for fault in error.errors(include_input=False)]
    if faults:
        raise BadSettings("\n".join(faults))
    return settings


def missing(settings: Settings, needs: Iterable[str]) -> list[str]:
    """Return those of these variables that are not set."""
    values = {name: getattr(settings, name.lower()) for name in needs}
    return [
        name
        for name, value in values.items()
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value)
    ]


def _gather(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    faults: list[str] = []
    for name in VARIABLES:
        text, path = environ.get(name, ""), environ.get(f"{name}_FILE", "")
        if path and not text:
            try:
                text = Path(path).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"{name}_FILE: cannot be read ({type(error).__name__}: {path})")
        if text.strip() or (name in environ and name in SWITCHED_OFF_BY_NOTHING):
            values[name.lower()] = text.strip()
    return values, faults


def _explain(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ").replace("Input should", "should")
    return f"{str(location[0]).upper()}: {message}" if location else message
