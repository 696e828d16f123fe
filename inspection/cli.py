"""The command `inspection`: a shell around three packages. Nothing heavy is imported before a command needs it.

Commands of `models` and `edge` replace this process by `python -m models …` or `python -m edge …`.
"""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.contract.errors import BadInput
from edge.contract.terminal import ExitCode, print_json, run_command
from inspection.exchange.options import add_export, add_import, add_plant

__all__ = ["COMMANDS", "OWN_COMMANDS", "PASSED_ON", "PassedOn", "build_parser", "main"]


@dataclass(frozen=True)
class PassedOn:
    """A command that another package answers.

    Attributes:
        module: what `python -m` starts.
        arguments: put before those of the user.
        needs: package that must be installed, and the extra that brings it.
    """

    text: str
    module: str
    arguments: tuple[str, ...]
    needs: tuple[str, str] | None = None


PASSED_ON = {
    "train": PassedOn("train a model on images and write a signed bundle", "models", ("train",), ("torch", "train")),
    "evaluate": PassedOn("measure a bundle on labelled images", "models", ("evaluate",), ("torch", "train")),
    "threshold": PassedOn("what another threshold would do", "models", ("threshold",), ("scipy", "train")),
    "gate": PassedOn("compare a new bundle with the champion", "models", ("gate",), ("torch", "train")),
    "replay": PassedOn("parts of the line by two bundles", "models", ("replay",), ("onnxruntime", "train")),
    "share": PassedOn(
        "a bundle without pictures of parts, for another plant", "models", ("share",), ("onnxruntime", "train")
    ),
    "accept": PassedOn("tolerate what accepted parts show", "models", ("accept",), ("onnx", "train")),
    "quantize": PassedOn(
        "the same model in INT8 or fp16, if it measures faster", "models", ("quantize",), ("torch", "train")
    ),
    "wrap": PassedOn("make a bundle of another tool's ONNX model", "models", ("wrap",), ("onnx", "train")),
    "inspect": PassedOn("judge image files with a bundle", "edge", ("inspect",)),
    "bench": PassedOn("measure the latency of a bundle on this machine", "edge", ("bench",)),
    "edge": PassedOn("run a station: `inspection edge run STATION.toml`", "edge", ()),
}
"""Commands that replace this process."""

OWN_COMMANDS = {
    "serve": "run the plant service",
    "audit": "check the audit log",
    "users": "a new password, and enabling who was disabled",
    "backup": "write a whole plant to one file",
    "restore": "make a plant from such a file",
    "retention": "remove images that the rules of the plant let go",
    "export": "write labelled images or results of a plant for other tools",
    "retrain": "what is due to be trained again, what it costs, and its start",
    "import": "give labelled images of other tools to a plant",
    "demo": "see all of it work on this machine",
    "openapi": "write the description of the API to docs/openapi.json",
    "docs": "write docs/cli.md and docs/configuration.md",
}
"""Commands that run in this process."""

COMMANDS = (*PASSED_ON, *OWN_COMMANDS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in PASSED_ON:
        return run_command(lambda: _pass_on(arguments[0], arguments[1:]))
    if arguments and arguments[0] == "demo":
        return run_command(lambda: _demo(arguments[1:]))
    options = build_parser().parse_args(arguments)
    return run_command(lambda: _run_own(options))


def build_parser() -> argparse.ArgumentParser:
    """The parser of this process's own commands; the others are listed for `--help`."""
    parser = argparse.ArgumentParser(
        prog="inspection",
        description="Industrial visual quality inspection: train on a line's own images, judge beside the camera, "
        "learn from review.",
        epilog="`inspection COMMAND --help` tells more. Exit codes: 0 yes, 1 no, 2 bad input, 3 broke.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in PASSED_ON.items():
        commands.add_parser(name, help=command.text, add_help=False)
    _add_own(commands)
    return parser


def _add_own(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = commands.add_parser("serve", help=OWN_COMMANDS["serve"], description="Run the plant service until stopped.")
    serve.add_argument("settings", metavar="PLANT.toml", type=Path, help="settings; see examples/plant.toml")
    audit = commands.add_parser("audit", help=OWN_COMMANDS["audit"], description="Work with the audit log.")
    verify = audit.add_subparsers(dest="action", metavar="ACTION", required=True).add_parser(
        "verify",
        help="recompute every hash of the log",
        description="Recompute every hash of the log: exit 0 if all fit, 1 with the first row that does not.",
    )
    verify.add_argument("settings", metavar="PLANT.toml", type=Path, help="settings of the plant service")
    verify.add_argument("--json", action="store_true", help="as without it: one JSON object as the last line of stdout")
    _add_users(commands)
    _add_upkeep(commands)
    _add_exchange(commands)
    _add_retrain(commands)
    commands.add_parser("demo", help=OWN_COMMANDS["demo"], add_help=False)
    openapi = commands.add_parser("openapi", help=OWN_COMMANDS["openapi"], description="Describe the API as OpenAPI.")
    openapi.add_argument("--out", metavar="FILE", type=Path, default=Path("docs/openapi.json"), help="file to write")
    openapi.add_argument(
        "--client", metavar="DIR", type=Path, help="also write the Python client below it: the repository"
    )
    docs = commands.add_parser(
        "docs", help=OWN_COMMANDS["docs"], description="Write the help of every command, and every setting."
    )
    docs.add_argument("--out", metavar="DIR", type=Path, default=Path("docs"), help="folder to write to")


def _add_users(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    users = commands.add_parser("users", help=OWN_COMMANDS["users"], description="Work with the people of a plant.")
    actions = users.add_subparsers(dest="action", metavar="ACTION", required=True)
    password = actions.add_parser(
        "password",
        help="give a user a new password",
        description="Give a user a new password, the only admin too, and end the user's sessions; the service may run. "
        "The password is asked for, or is the first line of stdin where that is no terminal. After five failures "
        "to sign in a running service wants a minute's wait.",
    )
    enable = actions.add_parser(
        "enable",
        help="let a disabled user sign in again",
        description="Let a disabled user sign in again, the only admin too; the service may run.",
    )
    for action in (password, enable):
        action.add_argument("settings", metavar="PLANT.toml", type=Path, help="settings of the plant service")
        action.add_argument("name", metavar="NAME", help="of the user, such as admin")
        action.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")


def _add_upkeep(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = commands.add_parser(
        "backup",
        help=OWN_COMMANDS["backup"],
        description="Write tables, images, bundles, job logs and the signing key to one file; the service may run. "
        "Exit 1 if a file that the tables name is missing or damaged: it is told, the rest is in the backup.",
    )
    backup.add_argument("settings", metavar="PLANT.toml", type=Path, help="settings of the plant service")
    backup.add_argument("--out", metavar="FILE", type=Path, required=True, help="new file; keep it like a password")
    restore = commands.add_parser(
        "restore",
        help=OWN_COMMANDS["restore"],
        description="Make a plant from a backup: every hash is checked before anything is put in place.",
    )
    restore.add_argument("backup", metavar="FILE", type=Path, help="file that `inspection backup` wrote")
    restore.add_argument(
        "--to", metavar="PLANT.toml", type=Path, required=True, help="settings; data folder and database must be empty"
    )
    retention = commands.add_parser(
        "retention",
        help=OWN_COMMANDS["retention"],
        description="Run the [[retention]] rules once, as the service does every few hours. Images of labelled "
        "results, samples, and what another result that is kept names, are never removed.",
    )
    retention.add_argument("settings", metavar="PLANT.toml", type=Path, help="settings of the plant service")
    retention.add_argument("--dry-run", action="store_true", help="only count")
    for command in (backup, restore, retention):
        command.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")


def _add_exchange(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    add_export(
        commands.add_parser(
            "export",
            help=OWN_COMMANDS["export"],
            description="Ask a running plant for a recipe's labelled images, as MVTec AD folders, COCO or a table, or "
            "for results as CSV. Exit 1 if the plant names images that it no longer has: they are told.",
        )
    )
    add_import(
        commands.add_parser(
            "import",
            help=OWN_COMMANDS["import"],
            description="Check every file and row of a folder, then give its images to a running plant. What it has "
            "already is not stored twice. Each image's split is decided by the plant, by the hash of its file.",
        )
    )


def _add_retrain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    retrain = commands.add_parser(
        "retrain",
        help=OWN_COMMANDS["retrain"],
        description="Ask a running plant which recipes its [retraining] settings call due, what that costs, and start "
        "those that the budget allows, by priority, whatever the hour.",
    )
    retrain.add_argument("--plan", action="store_true", help="only tell; an operator's key is enough")
    add_plant(retrain, "engineer")


def _run_own(options: argparse.Namespace) -> ExitCode:
    commands: dict[str, Callable[[argparse.Namespace], ExitCode]] = {
        "serve": _serve,
        "audit": _audit,
        "users": _users,
        "backup": _backup,
        "restore": _restore,
        "retention": _retention,
        "export": _export,
        "import": _import,
        "retrain": _retrain,
        "openapi": _openapi,
        "docs": _docs,
    }
    return commands[options.command](options)


def _pass_on(name: str, arguments: Sequence[str]) -> ExitCode:
    command = PASSED_ON[name]
    if command.needs is not None and importlib.util.find_spec(command.needs[0]) is None:
        raise _missing_extra(name, *command.needs)
    argv = [sys.executable, "-m", command.module, *command.arguments, *arguments]
    sys.stdout.flush()
    os.execv(sys.executable, argv)  # noqa: S606 - no shell is wanted: this process becomes the command


def _serve(options: argparse.Namespace) -> ExitCode:
    _require_plant("serve")
    from inspection.server import serve  # noqa: PLC0415 - late: half a second of imports

    return serve(options.settings)


def _audit(options: argparse.Namespace) -> ExitCode:
    _require_plant("audit")
    from inspection.audit.command import verify_log  # noqa: PLC0415 - late, as above

    verdict = verify_log(options.settings)
    print_json({"rows": verdict.rows, "head": verdict.head, "broken_at": verdict.broken_at, "problem": verdict.problem})
    return ExitCode.OK if verdict.broken_at is None else ExitCode.NO


def _users(options: argparse.Namespace) -> ExitCode:
    _require_plant("users")
    from inspection.people.command import enable, give_password  # noqa: PLC0415 - late, as above

    act = {"enable": enable, "password": give_password}[options.action]
    _tell(act(options.settings, options.name), as_json=options.json)
    return ExitCode.OK


def _backup(options: argparse.Namespace) -> ExitCode:
    _require_plant("backup")
    from inspection.backup.command import back_up, summary_of  # noqa: PLC0415 - late, as above

    summary = {"file": str(options.out), **summary_of(back_up(options.settings, options.out))}
    _tell(summary, as_json=options.json)
    return ExitCode.NO if summary["missing"] else ExitCode.OK


def _restore(options: argparse.Namespace) -> ExitCode:
    _require_plant("restore")
    from inspection.backup.command import restore, summary_of  # noqa: PLC0415 - late, as above

    _tell({"file": str(options.backup), **summary_of(restore(options.backup, options.to))}, as_json=options.json)
    return ExitCode.OK


def _retention(options: argparse.Namespace) -> ExitCode:
    _require_plant("retention")
    from inspection.retention.command import sweep_now  # noqa: PLC0415 - late, as above

    swept = sweep_now(options.settings, dry_run=options.dry_run)
    _tell({"images": swept.images, "bytes": swept.size_bytes, "dry_run": options.dry_run}, as_json=options.json)
    return ExitCode.OK


def _export(options: argparse.Namespace) -> ExitCode:
    _require_plant("export")
    from inspection.exchange.command import export_results, export_to, open_client  # noqa: PLC0415 - late, as above

    wanted = {"station": options.station, "verdict": options.verdict, "part_id": options.part_id}
    with open_client(options.plant, options.key_file, options.ca_file) as client:
        if options.format == "results":
            wanted["recipe"] = options.recipe
            summary = export_results(client, wanted, options.out, spreadsheet=options.spreadsheet)
        elif options.recipe is None or options.spreadsheet or any(wanted.values()):
            raise BadInput(f"--format {options.format}: expected RECIPE and no filters of results")
        else:
            summary = export_to(client, options.recipe, options.format, options.out)
    _tell(summary, as_json=options.json)
    return ExitCode.NO if summary.get("missing") else ExitCode.OK


def _import(options: argparse.Namespace) -> ExitCode:
    _require_plant("import")
    from inspection.exchange.command import import_from, open_client  # noqa: PLC0415 - late, as above

    with open_client(options.plant, options.key_file, options.ca_file) as client:
        summary = import_from(client, options.folder, options.recipe, options.format)
    _tell(summary, as_json=options.json)
    return ExitCode.OK


def _retrain(options: argparse.Namespace) -> ExitCode:
    _require_plant("retrain")
    from inspection.exchange.command import open_client  # noqa: PLC0415 - late, as above
    from inspection.retraining.command import retrain, told  # noqa: PLC0415 - late, as above

    with open_client(options.plant, options.key_file, options.ca_file) as client:
        plan, started = retrain(client, plan_only=options.plan)
    if options.json:
        print_json({**plan.model_dump(), "started": started})
    else:
        sys.stdout.writelines(f"{line}\n" for line in told(plan, started))
    return ExitCode.OK


def _tell(summary: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(summary)
    else:
        sys.stdout.writelines(f"{name}: {value}\n" for name, value in summary.items())


def _openapi(options: argparse.Namespace) -> ExitCode:
    _require_plant("openapi")
    from inspection.api.description import description  # noqa: PLC0415 - late, as above

    _write(options.out, description())
    if options.client is not None:
        from inspection.api.client_source import CLIENT_MODULES, client_source  # noqa: PLC0415 - late, as above

        for module in CLIENT_MODULES:
            _write(options.client / module, client_source(module))
    return ExitCode.OK


def _docs(options: argparse.Namespace) -> ExitCode:
    _require_plant("docs")
    from inspection.cli_docs import cli_markdown  # noqa: PLC0415 - late: starts every command once
    from inspection.settings_docs import configuration_markdown  # noqa: PLC0415 - late, as above

    _write(options.out / "cli.md", cli_markdown())
    _write(options.out / "configuration.md", configuration_markdown())
    return ExitCode.OK


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise BadInput(f"{file}: cannot be written: {error.strerror}; --out names another place") from error


def _demo(arguments: Sequence[str]) -> ExitCode:
    _require_plant("demo")
    from inspection.demo import main as demo  # noqa: PLC0415 - late, as above

    return ExitCode(demo(list(arguments)))


def _require_plant(command: str) -> None:
    for package in ("sqlalchemy", "alembic", "argon2", "jinja2", "psycopg"):
        if importlib.util.find_spec(package) is None:
            raise _missing_extra(command, package, "plant")


def _missing_extra(command: str, package: str, extra: str) -> BadInput:
    return BadInput(
        f"`inspection {command}` needs {package}, which is not installed: pip install 'inspection[{extra}]'"
    )
