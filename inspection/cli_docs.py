"""docs/cli.md: the help of every command, asked of the commands themselves."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from edge.contract.errors import BadInput
from inspection.cli import COMMANDS

__all__ = ["cli_markdown"]

_HEAD = """# Command line

Written by `python -m inspection docs`; a test fails when it differs from what the commands say.
"""
_SUBCOMMANDS = (("edge", "run"), ("edge", "doctor"), ("audit", "verify"), ("users", "password"), ("users", "enable"))
_WIDTH = "100"


def cli_markdown() -> str:
    """The page.

    Raises:
        BadInput: a command has no help.
    """
    commands: list[tuple[str, ...]] = [(), *((name,) for name in COMMANDS), *_SUBCOMMANDS]
    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(_help, commands))
    sections = [_section(command, text) for command, text in zip(commands, texts, strict=True)]
    return "\n".join([_HEAD, *sections])


def _section(command: tuple[str, ...], text: str) -> str:
    return f"## `{' '.join(('inspection', *command))}`\n\n```text\n{text.strip()}\n```\n"


def _help(command: tuple[str, ...]) -> str:
    argv = [sys.executable, "-m", "inspection", *command, "--help"]
    environment = {**os.environ, "COLUMNS": _WIDTH, "NO_COLOR": "1"}
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise BadInput(
            f"`{' '.join(argv[2:])}`: expected its help, got exit code {done.returncode}: {done.stderr[-400:]}"
        )
    return done.stdout
