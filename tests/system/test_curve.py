"""Key files: made private, read strictly, never shown."""

import pytest

from domain.errors import ConfigError
from system.curve import make_keys, read_keys, read_server


def test_keys_are_read_as_they_were_made_from_a_private_file(tmp_path):
    public = make_keys(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert read_keys(tmp_path / "k").public == public
    with pytest.raises(ConfigError, match="a new file"):
        make_keys(tmp_path / "k")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_keys_that_others_may_read_are_refused(tmp_path, mode):
    make_keys(tmp_path / "k")
    (tmp_path / "k").chmod(mode)
    with pytest.raises(ConfigError, match="0600"):
        read_keys(tmp_path / "k")


@pytest.mark.parametrize("text", ["", "x", "public = " + "9" * 5_000, "public = " + "[" * 5_000, 'public = "a"\nsecret = "b"', 'public = 1\nsecret = 2'])
def test_file_that_holds_no_keys_is_refused_without_showing_it(tmp_path, text):
    (tmp_path / "k").write_text(text)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(ConfigError, match="keys make"):
        read_keys(tmp_path / "k")


def test_keys_of_two_pairs_are_refused(tmp_path):
    make_keys(tmp_path / "a")
    make_keys(tmp_path / "b")
    mixed = (tmp_path / "a").read_text().splitlines()[0] + "\n" + (tmp_path / "b").read_text().splitlines()[1]
    (tmp_path / "a").write_text(mixed)
    with pytest.raises(ConfigError, match="of the secret one"):
        read_keys(tmp_path / "a")


def test_allow_list_has_a_key_a_line_with_remarks(tmp_path):
    make_keys(tmp_path / "gw")
    one, two = make_keys(tmp_path / "1"), make_keys(tmp_path / "2")
    (tmp_path / "allow").write_text(f"# nodes\n{one} trading desk\n\n{two}\n")
    server = read_server(tmp_path / "gw", tmp_path / "allow")
    assert server.allowed == {one, two}
    assert server.callback("*", one.encode())
    assert not server.callback("*", make_keys(tmp_path / "3").encode())


@pytest.mark.parametrize(("text", "allowed"), [("", "a public key a line"), ("# none\n", "a public key a line"), ("short\n", "40 characters")])
def test_allow_list_that_lets_nobody_in_is_refused(tmp_path, text, allowed):
    make_keys(tmp_path / "gw")
    (tmp_path / "allow").write_text(text)
    with pytest.raises(ConfigError, match=allowed):
        read_server(tmp_path / "gw", tmp_path / "allow")
