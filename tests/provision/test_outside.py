"""What lies outside of the machine is reached from within, and is as particular as the real ones."""

import psycopg
import pytest
import requests

from app.store import connect
from app.store.migrate import migrate
from tests.conftest import PATIENCE, wait_until
from tests.provision.machine import Machine
from tests.provision.outside import Outside

FETCH = "python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read(300))' '{}'"


def test_lastfm_answers_the_machine_for_its_key_alone(machine: Machine, outside: Outside) -> None:
    ask = f"{outside.lastfm.api_url}?method=user.getinfo&user=LightLuca&format=json&api_key="
    assert "LightLuca" in machine.run(FETCH.format(ask + outside.lastfm_key))
    assert requests.get(f"{ask}another", timeout=PATIENCE).json()["error"] == 10


def test_metabrainz_answers_the_machine(machine: Machine, outside: Outside) -> None:
    number = outside.publish_packet()
    info = f"{outside.metabrainz.packet_url}replication-info?token={outside.metabrainz.token}"
    assert f"replication-{number}" in machine.run(FETCH.format(info))
    assert machine.run(FETCH.format(f"{outside.metabrainz.dump_url}LATEST"))


def test_the_database_is_reached_from_the_machine(machine: Machine, outside: Outside) -> None:
    for port in (outside.neon.pooled_port, outside.neon.direct_port):
        machine.run(
            f"python3 -c 'import socket; socket.create_connection((\"{machine.host_address}\", {port}), 5)'"
        )


def test_the_database_shows_a_certificate_that_can_be_checked(outside: Outside) -> None:
    for port in (outside.neon.pooled_port, outside.neon.direct_port):
        url = outside.neon.url(port, sslmode="verify-full", sslrootcert=str(outside.neon.authority))
        with psycopg.connect(url) as connection:
            assert connection.pgconn.ssl_in_use


def test_the_database_refuses_who_comes_without_tls_or_with_another_password(outside: Outside) -> None:
    neon = outside.neon
    with pytest.raises(psycopg.OperationalError, match="SSL required"):
        psycopg.connect(neon.url(neon.pooled_port, sslmode="disable"))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(neon.pooled_url.replace(neon.password, "another"))


def test_the_database_takes_another_user_beside_the_first_until_that_one_ends(outside: Outside) -> None:
    def takes(url: str) -> bool:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return False
        return True

    first, another = outside.neon, outside.neon.with_another_user("another", "password-of-another-user")
    wait_until(lambda: takes(another.pooled_url) and takes(another.direct_url))
    assert takes(first.pooled_url)
    another.end_other_users()
    wait_until(lambda: not takes(first.pooled_url) and not takes(first.direct_url))
    first.end_other_users()
    wait_until(lambda: takes(first.pooled_url) and takes(first.direct_url))


def test_the_pooled_address_shares_one_server_connection_and_the_direct_one_does_not(outside: Outside) -> None:
    ask = "SELECT pg_backend_pid()"

    def servers(url: str) -> int:
        with psycopg.connect(url, autocommit=True) as one, psycopg.connect(url, autocommit=True) as other:
            return len({connection.execute(ask).fetchone() for connection in (one, other, one)})

    assert servers(outside.neon.pooled_url) == 1
    assert servers(outside.neon.direct_url) == 2


def test_the_app_finds_its_tables_by_the_pooled_address_after_a_migration_by_the_direct_one(
    outside: Outside,
) -> None:
    with connect(outside.neon.direct_url) as connection:
        migrate(connection)
    with connect(outside.neon.pooled_url) as connection:
        assert connection.execute("SELECT count(*) AS found FROM fetch_jobs").fetchone()
