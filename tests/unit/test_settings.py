"""Settings: secrets made once and kept private, and one line that names the variable for whatever is wrong."""

import os
import re
import stat
from pathlib import Path

import pytest

from undersigned import settings
from undersigned.settings import SECRETS, Settings, SettingsError, load

SECRET = "a secret of more than 32 characters"
GOOD = {f"UNDERSIGNED_{name}": f"{SECRET} {name}" for name in SECRETS}


def said(environ: dict[str, str], data_dir: Path, *, generate_secrets: bool = False) -> str:
    """The one line that loading fails with."""
    with pytest.raises(SettingsError) as refused:
        load({"UNDERSIGNED_DATA_DIR": str(data_dir)} | environ, generate_secrets=generate_secrets)
    line = str(refused.value)
    assert "\n" not in line
    assert "$" not in line
    return line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eight"),
        ("PORT", "80.5"),
        ("TIME_ZONE", "Yerevan"),
        ("TIME_ZONE", "+04:00"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("TIME_ZONE", "Asia"),
        ("WEB_WORKERS", "0"),
        ("WEB_WORKERS", "65"),
        ("MAIL_BUDGET_NETWORK", "-1"),
        ("MAIL_BUDGET_DOMAIN", "-1"),
        ("MAIL_BUDGET_TOTAL", "many"),
        ("SUBMIT_BUDGET_NETWORK", "1.5"),
        ("BASE_URL", "sign.example.org"),
        ("BASE_URL", "ftp://sign.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "proxy"),
        ("NO_SUCH_THING", "x"),
        ("PEPPER", "short"),
        ("LOG_SEED", "x" * 31),
        ("SECRET_KEYS", "short"),
        ("SECRET_KEYS", f"{SECRET},short"),
        ("SECRET_KEYS", f"{SECRET},"),
    ],
)
def test_every_error_is_one_line_that_names_the_variable(variable: str, value: str, tmp_path: Path) -> None:
    assert f"UNDERSIGNED_{variable}" in said(GOOD | {f"UNDERSIGNED_{variable}": value}, tmp_path)


def test_a_secret_is_never_repeated_by_an_error(tmp_path: Path) -> None:
    for variable in SECRETS:
        assert "hunter2" not in said(GOOD | {f"UNDERSIGNED_{variable}": "hunter2"}, tmp_path)


def test_a_relay_needs_a_sender(tmp_path: Path) -> None:
    line = said(GOOD | {"UNDERSIGNED_SMTP_URL": "smtp://mail"}, tmp_path)
    assert "UNDERSIGNED_SMTP_URL" in line
    assert "UNDERSIGNED_MAIL_FROM" in line


def test_missing_secrets_are_named_all_at_once_and_never_made_up(tmp_path: Path) -> None:
    line = said({}, tmp_path)
    assert all(f"UNDERSIGNED_{name}" in line for name in SECRETS)
    assert list(tmp_path.iterdir()) == []


def test_each_secret_is_missed_alone(tmp_path: Path) -> None:
    for name in SECRETS:
        line = said({key: value for key, value in GOOD.items() if not key.endswith(name)}, tmp_path)
        assert re.findall(r"UNDERSIGNED_(\w+)", line) == [name]


def test_secrets_are_made_once_private_long_and_different(tmp_path: Path) -> None:
    environ = {"UNDERSIGNED_DATA_DIR": str(tmp_path / "new" / "var")}
    first = load(environ, generate_secrets=True)
    file = tmp_path / "new" / "var" / "secrets.env"
    made = [first.secret_keys, first.pepper, first.log_seed]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(set(made)) == 3
    assert all(len(secret) >= 43 for secret in made)
    assert load(environ, generate_secrets=True) == first
    assert load(environ) == first
    assert [entry.name for entry in file.parent.iterdir()] == ["secrets.env"]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_loose_umask_makes_no_readable_secrets(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        load({"UNDERSIGNED_DATA_DIR": str(tmp_path)}, generate_secrets=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600


def test_a_secret_from_the_environment_goes_before_the_stored_one(tmp_path: Path) -> None:
    stored = load({"UNDERSIGNED_DATA_DIR": str(tmp_path)}, generate_secrets=True)
    given = load({"UNDERSIGNED_DATA_DIR": str(tmp_path), "UNDERSIGNED_PEPPER": SECRET})
    assert (given.pepper, given.log_seed) == (SECRET, stored.log_seed)


def test_a_shortened_stored_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("UNDERSIGNED_SECRET_KEYS=x\n")
    line = said({}, tmp_path, generate_secrets=True)
    assert all(f"UNDERSIGNED_{name}" in line for name in SECRETS)


def test_a_data_directory_that_can_not_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = said({}, tmp_path / "file" / "var", generate_secrets=True)
    assert "UNDERSIGNED_DATA_DIR" in line


def test_an_empty_variable_is_an_unset_one_and_others_are_not_ours(tmp_path: Path) -> None:
    environ = GOOD | {"UNDERSIGNED_DATA_DIR": str(tmp_path), "UNDERSIGNED_PORT": "", "PORT": "nonsense", "HOST": "x"}
    assert (load(environ).port, load(environ).host) == (8000, "127.0.0.1")


def test_settings_survive_the_way_to_a_child_process(tmp_path: Path) -> None:
    given = load(
        GOOD
        | {
            "UNDERSIGNED_DATA_DIR": str(tmp_path / "with space"),
            "UNDERSIGNED_PORT": "8123",
            "UNDERSIGNED_BASE_URL": "https://sign.example.org/",
            "UNDERSIGNED_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8",
        }
    )
    assert load(given.to_environ()) == given
    assert given.url == "https://sign.example.org"
    assert [str(network) for network in given.proxy_networks] == ["10.0.0.0/8", "fd00::/8"]


def test_keys_are_read_oldest_first() -> None:
    assert Settings(secret_keys="old, new").signing_keys == ["old", "new"]


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000"), ("localhost", "http://localhost:8000")],
)
def test_without_a_base_url_the_address_is_where_it_listens(host: str, url: str) -> None:
    assert Settings(host=host).url == url


@pytest.mark.parametrize(
    ("host", "smtp_url", "has"),
    [
        ("127.0.0.1", "", True),
        ("127.8.8.8", "", True),
        ("::1", "", True),
        ("localhost", "", True),
        ("127.0.0.1", "smtp://mail", False),
        ("0.0.0.0", "", False),  # noqa: S104 -- compared, not bound
        ("::", "", False),
        ("192.0.2.1", "", False),
        ("localhost.example.org", "", False),
        ("loopback", "", False),
    ],
)
def test_the_mailbox_page_exists_for_trying_out_on_loopback_without_a_relay_only(
    host: str, smtp_url: str, has: bool
) -> None:
    assert Settings(host=host, smtp_url=smtp_url, local=True).has_mailbox_page is has
    assert not Settings(host=host, smtp_url=smtp_url).has_mailbox_page


def test_the_repositorys_root_is_found() -> None:
    assert (settings.ROOT / "sql" / "schema.sql").is_file()
