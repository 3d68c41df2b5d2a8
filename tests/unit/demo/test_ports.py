"""A port is one on which a server can listen."""

import socket

from demo.ports import free_port, is_free


def test_a_port_is_free_and_never_the_same_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(map(is_free, ports))


def test_a_port_on_which_something_listens_is_not_taken() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        assert free_port(taken) != taken


def test_the_preferred_port_is_taken_where_it_is_free() -> None:
    port = free_port()
    assert free_port(port) == port
