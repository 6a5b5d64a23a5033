from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.codes import MAX_CODES, code_key, on_keys, parse_codes


def file_of(tmp_path: Path, text: str, *, encoding: str = "utf-8") -> str:
    path = tmp_path / "codes.txt"
    path.write_text(text, encoding=encoding)
    return f"file:{path}"


@pytest.mark.parametrize(
    ("spec", "first", "last", "count"),
    [
        pytest.param("0-99", "0", "99", 100, id="default"),
        pytest.param("1000-9999", "1000", "9999", 9000, id="four-digits"),
        pytest.param(" 7 - 12 ", "7", "12", 6, id="spaces"),
        pytest.param("5-5", "5", "5", 1, id="one-code"),
        pytest.param("000-999", "000", "999", 1000, id="leading-zeros-keep-the-width"),
        pytest.param("007-012", "007", "012", 6, id="leading-zeros-of-both"),
        pytest.param("00-99", "00", "99", 100, id="two-digits"),
    ],
)
def test_range(spec: str, first: str, last: str, count: int) -> None:
    codes = parse_codes(spec)
    assert (codes[0], codes[-1], len(codes)) == (first, last, count)


@given(first=st.integers(0, 2000), size=st.integers(0, 50))
def test_range_has_each_number_once(first: int, size: int) -> None:
    assert [int(code) for code in parse_codes(f"{first}-{first + size}")] == list(range(first, first + size + 1))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        pytest.param("", "use a range such as 0-99", id="empty"),
        pytest.param("42", "use a range such as 0-99", id="one-number"),
        pytest.param("a-z", "use a range such as 0-99", id="letters"),
        pytest.param("-1-5", "use a range such as 0-99", id="negative"),
        pytest.param("Words", "or: words", id="wrong-case"),
        pytest.param("99-0", "write 0-99", id="upside-down"),
        pytest.param("00-999", "such as 000-999", id="widths-differ"),
        pytest.param("1-099", "such as 001-099", id="only-the-upper-end-is-padded"),
        pytest.param("0-1000000", f"at most {MAX_CODES}", id="too-many"),
        pytest.param("0-99999999999999999999", f"at most {MAX_CODES}", id="absurdly-many"),
        pytest.param("10000000000000000-10000000000000001", "more than 16 digits", id="too-long"),
        pytest.param("file:", "write file:PATH", id="no-file-named"),
        pytest.param("file:no/such/file.txt", "check the path", id="no-such-file"),
    ],
)
def test_refused_setting_says_what_to_do(spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_codes(spec)
    assert says in str(refusal.value)


def test_million_codes_are_possible() -> None:
    assert len(parse_codes("0-999999")) == MAX_CODES


def test_file_keeps_codes_as_written(tmp_path: Path) -> None:
    text = "# our codes\n\nTiger\nred   fox\nX-ray  # by the stairs\na 7\n0042\n42\n"
    assert parse_codes(file_of(tmp_path, text)) == ["Tiger", "red fox", "X-ray", "a 7", "0042", "42"]


def test_file_with_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    assert parse_codes(file_of(tmp_path, "tiger\r\nzebra\r\n", encoding="utf-8-sig")) == ["tiger", "zebra"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("# nothing\n\n", "has no codes", id="empty"),
        pytest.param("tiger\nzebra\nTIGER\n", "line 3: 'TIGER' is there already, in line 1", id="duplicate"),
        pytest.param("red fox\nred-fox\n", "line 2: 'red-fox' is there already, in line 1", id="same-but-hyphen"),
        pytest.param("tiger\ncafé\n", "line 2: 'café' is no code", id="not-a-to-z"),
        pytest.param("4.2\n", "line 1: '4.2' is no code", id="punctuation"),
        pytest.param("-tiger\n", "line 1: '-tiger' is no code", id="hyphen-outside"),
        pytest.param("tigertigertigertiger\n", "line 1: 'tigertigertigertiger' is too long", id="too-long"),
        pytest.param("please\n", "callers say 'please'", id="said-around-a-code"),
        pytest.param("forty-two\n", "callers say 'forty' as a number", id="number-word"),
        pytest.param("too\n", "callers say 'too'", id="sounds-like-a-number"),
        pytest.param("a\n", "callers say 'a'", id="article"),
    ],
)
def test_refused_file_names_the_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_codes(file_of(tmp_path, text))
    assert says in str(refusal.value)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "codes.txt").write_bytes(b"\xff\xfe\x00tiger")
    with pytest.raises(ValueError, match="save it as UTF-8"):
        parse_codes(f"file:{tmp_path / 'codes.txt'}")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        parse_codes(f"file:{tmp_path}")


def test_case_spaces_and_hyphens_do_not_count() -> None:
    assert code_key("Red Fox") == code_key("red-fox") == code_key("REDFOX")


def test_letters_on_telephone_keys() -> None:
    assert on_keys(code_key("Tiger 7")) == "844377"
