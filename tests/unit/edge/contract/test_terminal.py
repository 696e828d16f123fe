"""Facts of what a command answers to the shell, in processes of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.contract.terminal import signals_that_end

PRINTS = """
import sys
from edge.contract.terminal import ExitCode, print_json, run_command

def command():
    print_json({"told": "x" * 100_000})
    return ExitCode.OK

sys.exit(run_command(command))
"""


def run(stdout: int) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-c", PRINTS], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


def test_a_name_that_is_no_text_is_told_all_the_same() -> None:
    """Of a file that another system named in its own encoding."""
    prints = PRINTS.replace('print_json({"told": "x" * 100_000})', 'print("a", chr(0xDCBA))')
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run([sys.executable, "-c", prints], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "a \\udcba\n")


def test_a_closed_terminal_ends_a_command_unless_nohup_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)
    assert signal.SIGHUP in signals_that_end()
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    assert signals_that_end() == (signal.SIGTERM, signal.SIGINT)


def test_a_reader_that_has_had_enough_is_no_fault() -> None:
    """As `inspection inspect … | head` has it: ended by SIGPIPE, in the words of shells, and nothing on stderr."""
    read, write = os.pipe()
    os.close(read)
    assert run(write) == (141, "")
    os.close(write)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, which Linux has")
def test_a_full_disk_is_told_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        code, told = run(full.fileno())
    assert code == 3
    assert told == "error: [Errno 28] No space left on device\n"
