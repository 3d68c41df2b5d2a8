"""Text that was read in a wrong encoding is mended, and any other is left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.derived.mojibake import mend

MEANT = [
    "Björk",
    "Sigur Rós",
    "Кино",
    "宇多田ヒカル",
    "아이유",
    "L’Homme à tête de chou",
    "Á",
    "“Heroes”",
    "🎷",
    "Blue Öyster Cult",
]


def garbled(text: str, encoding: str) -> str:
    """Read UTF-8 in another encoding, as browsers do: what that leaves undefined is a control character."""
    single = (bytes([byte]) for byte in text.encode())
    return "".join(byte.decode(encoding, "ignore") or byte.decode("latin-1") for byte in single)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", MEANT)
def test_a_garbled_name_is_mended(text: str, encoding: str) -> None:
    assert mend(garbled(text, encoding)) == text
    assert mend(garbled(garbled(text, encoding), encoding)) == text
    assert mend(f"{garbled(text, encoding)} & {text}") == f"{text} & {text}"


@pytest.mark.parametrize("name", [*MEANT, "", "Âme", "SÃO PAULO", "MAÇÃ", "Ã", "Ã (¿)"])
def test_a_name_that_is_not_garbled_is_left_alone(name: str) -> None:
    assert mend(name) == name


@pytest.mark.parametrize("name", ["Кино", "Группа крови (1988)", "Чёрный альбом", "Ёлка"])
def test_russian_is_mended(name: str) -> None:
    assert mend(name.encode("cp1251").decode("latin-1")) == name
    assert mend(f"{name.encode('cp1251').decode('latin-1')} EP") != f"{name} EP", "it may be French"


def test_a_text_of_any_length_is_left_alone() -> None:
    for garbled_letter in ("Ã¶", "Ê", "ÊÃ¶a"):
        assert mend(garbled_letter * 10_000) == garbled_letter * 10_000


@given(st.text())
def test_any_text_can_be_mended(text: str) -> None:
    assert len(mend(text)) <= len(text)
