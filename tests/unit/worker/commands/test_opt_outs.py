"""Lists of opt-outs: what export prints, or names; whatever else there is, is named by its line."""

import pytest

from worker.commands.opt_outs import Junk, parse

KEY, ONE, TWO = "ab" * 32, "00" * 32, "ff" * 32


def test_what_export_prints_is_read_and_so_are_names_once_each() -> None:
    lines = (
        f"\ufeffkind,value\r\nkey,{KEY}\nhash,{ONE}\n\nhash,{TWO}\nhash,{ONE}\nLeavingLeo\n name,lee \nlee".split(
            "\n"
        )
    )
    found = parse(lines)
    assert found.hashed is not None
    assert found.hashed.key.hex() == KEY
    assert [one.hex() for one in found.hashed.hashes] == [ONE, TWO]
    assert found.names == ("LeavingLeo", "lee")


def test_nothing_is_nothing() -> None:
    assert parse([]) == parse(["", "kind,value"])
    assert (parse([]).hashed, parse([]).names) == (None, ())


@pytest.mark.parametrize(
    "junk",
    [
        "no name at all",
        "x" * 33,
        "a,b,c",
        f"hash,{ONE[:-1]}",
        f"hash,{ONE.upper()[:-1]}G",
        "hash,",
        "name,",
        ",",
        "\0",
        "key,x",
    ],
)
def test_junk_is_named_by_its_line(junk: str) -> None:
    with pytest.raises(Junk, match="Line 3 is neither"):
        parse([f"key,{KEY}", "LeavingLeo", junk])


def test_hashes_need_their_key_and_one_only() -> None:
    with pytest.raises(Junk, match="their key is missing"):
        parse([f"hash,{ONE}"])
    with pytest.raises(Junk, match="Line 2 is a second key"):
        parse([f"key,{KEY}", f"key,{ONE}"])
    assert parse([f"key,{KEY}", f"key,{KEY}"]).hashed is not None
