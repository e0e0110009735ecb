"""The operator's command line, called as the console script calls it."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from b2bua.cli.main import COMMANDS, main

EXAMPLE = Path(__file__).parents[2] / "settings.example.toml"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^    {command.name}\s", told, re.MULTILINE)
        assert command.summary in told


def test_no_command_is_an_error() -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2


def test_plugins_lists_names_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    told = capsys.readouterr()
    assert {"rcml", "static", "blocklist"} <= set(told.out.split())
    assert "static.py" in told.err


def test_check_names_key_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[sip]\n\nlisen = ["udp:0.0.0.0:5060"]\n')
    assert main(["check", str(file)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"{file}:3: sip.lisen: there is no such setting; did you mean `li")
    assert told.out == ""


def test_check_names_an_unknown_plugin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[[numbers]]\nnumber = "*"\nrouter = "nosuch"\n')
    assert main(["check", str(file)]) == 1
    assert f"{file}:3: numbers[0].router: no plugin is called 'nosuch'" in capsys.readouterr().err


@pytest.mark.real
def test_check_tells_of_a_port_that_somebody_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "s.toml"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        file.write_text(f'[sip]\nlisten = ["udp:127.0.0.1:{port}"]\n')
        assert main(["check", str(file)]) == 0
    told = capsys.readouterr().out
    assert f"note: {file}:2: sip.listen[0]: udp 127.0.0.1 port {port}: Address already" in told
    assert f"{file}: good (0 accounts, 0 users, 0 trunks, 0 numbers; plugins: " in told


def test_the_example_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLE)]) == 0
    assert "good (1 account, 0 users, 1 trunk, 1 number;" in capsys.readouterr().out
