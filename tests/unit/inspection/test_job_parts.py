"""The parts of a job that need no process."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import OperationalError

from edge.contract.errors import DataInvalid, JobFailed, NotFound
from inspection.jobs.command import Command
from inspection.jobs.commands import GateOrder, ModelCommands, TrainOrder
from inspection.jobs.desk import Desk
from inspection.jobs.material import called, lay_out, require_trainable
from inspection.jobs.parcel import pack, unpack
from inspection.jobs.progress import parse_progress
from inspection.jobs.runner import JobLimits, LocalJobRunner
from inspection.samples.samples import Sample
from inspection.samples.splits import Split
from inspection.samples.statements import Label, Truth
from inspection.store.blobs import DiskBlobStore
from inspection.store.database import Database
from inspection.store.images import keep_image
from models.data.folder import defects_in
from models.data.folder import test_images_in as held_out_in
from tests.support.plants import png

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PROGRAM = ("models",)


def test_train_command_names_everything() -> None:
    order = TrainOrder("part", Path("data"), Path("out"), Path("key"), Path("data/defects"), "abc", Path("abc.bundle"))
    assert " ".join(ModelCommands(PROGRAM).train(order).argv) == (
        "models train data --out out --recipe part --key key --defects data/defects --parent abc --like abc.bundle"
        " --seed 0 --skip-unreadable --json --progress-json"
    )


def test_first_training_has_neither_defects_nor_parent() -> None:
    order = TrainOrder("part", Path("data"), Path("out"), Path("key"), None, None, None)
    argv = ModelCommands(PROGRAM).train(order).argv
    assert "--defects" not in argv
    assert "--parent" not in argv
    assert "--like" not in argv


def test_trainings_share_their_features() -> None:
    order = TrainOrder(
        "part", Path("data"), Path("out"), Path("key"), None, None, None, features=Path("kept"), features_mib=100
    )
    argv = ModelCommands(PROGRAM).train(order).argv
    assert argv[argv.index("--features") :][:4] == ("--features", "kept", "--features-mib", "100")


@pytest.mark.parametrize(("champion", "extra"), [(None, []), (Path("old"), ["--champion", "old"])])
def test_gate_command(champion: Path | None, extra: list[str]) -> None:
    argv = ModelCommands(PROGRAM).gate(GateOrder(Path("new"), Path("holdout"), "KEY=", champion)).argv
    given = ("models", "gate", "new", "holdout", "--trust", "KEY=", *extra)
    assert argv == (*given, "--skip-unreadable", "--json", "--progress-json")


def test_gate_command_names_replay_flips_budget_and_scores() -> None:
    order = GateOrder(
        *(Path("new"), Path("holdout"), "KEY=", Path("old"), Path("replay"), Path("flips"), Path("page"), 1.5),
        scores=Path("scores"),
    )
    assert " ".join(ModelCommands(PROGRAM).gate(order).argv) == (
        "models gate new holdout --trust KEY= --champion old --replay replay --flips flips --report page"
        " --max-slowdown 1.5 --scores scores --skip-unreadable --json --progress-json"
    )


@pytest.mark.parametrize("line", ["", "epoch 1", "{broken", '{"progress": 2, "step": "x"}', '{"loss": 0.1}'])
def test_other_lines_are_log(line: str) -> None:
    assert parse_progress(line) is None


def test_progress_line_is_read() -> None:
    progress = parse_progress(json.dumps({"progress": 0.42, "step": "features", "more": 1}))
    assert progress is not None
    assert (progress.progress, progress.step) == (0.42, "features")


def test_samples_are_laid_out_as_models_reads_them(tmp_path: Path) -> None:
    database, blobs = Database(tmp_path / "plant.sqlite3"), DiskBlobStore(tmp_path / "blobs")
    cases = (
        (Split.TRAIN, Truth(Label.GOOD, None), "data/train/good"),
        (Split.TRAIN, Truth(Label.DEFECT, "scratch"), "data/defects/scratch"),
        (Split.HOLDOUT, Truth(Label.GOOD, None), "data/test/good"),
        (Split.HOLDOUT, Truth(Label.DEFECT, "dent"), "data/test/dent"),
    )
    with database.write() as session:
        digests = [keep_image(session, blobs, png(number), NOW) for number in range(len(cases))]
        samples = [Sample(digest, split, truth) for digest, (split, truth, _) in zip(digests, cases, strict=True)]
        material = lay_out(session, blobs, samples, tmp_path / "job")
    found = {path.relative_to(tmp_path / "job").as_posix() for path in (tmp_path / "job").rglob("*.png")}
    assert found == {f"{folder}/{digest}.png" for digest, (_, _, folder) in zip(digests, cases, strict=True)}
    assert material.defects == tmp_path / "job" / "data" / "defects"
    database.close()


@pytest.mark.parametrize("word", ["../../etc", "good", "masks", "a/b", "..", " ", "划痕"])
def test_a_persons_word_never_leaves_its_folder(tmp_path: Path, word: str) -> None:
    database, blobs = Database(tmp_path / "plant.sqlite3"), DiskBlobStore(tmp_path / "blobs")
    with database.write() as session:
        digest = keep_image(session, blobs, png(), NOW)
        lay_out(session, blobs, [Sample(digest, Split.HOLDOUT, Truth(Label.DEFECT, word))], tmp_path / "job")
    (path,) = (tmp_path / "job").rglob("*.png")
    assert path.parent.parent == tmp_path / "job" / "data" / "test"
    assert path.parent.name not in {"good", "masks"}
    database.close()


def test_two_words_never_share_a_folder(tmp_path: Path) -> None:
    database, blobs = Database(tmp_path / "plant.sqlite3"), DiskBlobStore(tmp_path / "blobs")
    with database.write() as session:
        digests = [keep_image(session, blobs, png(number), NOW) for number in range(2)]
        truths = [Truth(Label.DEFECT, word) for word in ("a/b", "a b")]
        samples = [Sample(digest, Split.TRAIN, truth) for digest, truth in zip(digests, truths, strict=True)]
        lay_out(session, blobs, samples, tmp_path / "job")
    assert len({path.parent for path in (tmp_path / "job").rglob("*.png")}) == 2
    database.close()


@pytest.mark.parametrize("split", Split)
def test_a_type_is_called_by_its_word_whatever_its_folder_is_called(tmp_path: Path, split: Split) -> None:
    """As long as a person may write it."""
    database, blobs = Database(tmp_path / "plant.sqlite3"), DiskBlobStore(tmp_path / "blobs")
    words = ["deep scratch", "划痕 " + "深" * 61, "dent", "x" * 64, "good"]
    with database.write() as session:
        digests = [keep_image(session, blobs, png(number), NOW) for number in range(len(words))]
        truths = [Truth(Label.DEFECT, word) for word in words]
        samples = [Sample(digest, split, truth) for digest, truth in zip(digests, truths, strict=True)]
        material = lay_out(session, blobs, samples, tmp_path / "job")
    found = defects_in(material.defects) if material.defects else held_out_in(material.holdout)
    assert {item.defect_type for item in found} == {called(word) for word in words}
    assert [called(word) for word in words[:4]] == words[:4]
    assert called(words[4]) != called(None)
    database.close()


def test_only_held_out_images_are_not_enough() -> None:
    with pytest.raises(DataInvalid, match="'part'"):
        require_trainable([Sample("0" * 64, Split.HOLDOUT, Truth(Label.GOOD, None))], "part")


def test_program_that_is_not_there_fails_the_job(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="cannot be started"):
        LocalJobRunner().run(Command(("./no-such-program",)), tmp_path, print, lambda: False)


def test_a_job_gets_no_more_cores_than_it_may_use(tmp_path: Path) -> None:
    told = [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)), os.nice(0))"]
    done = LocalJobRunner(JobLimits(cores=1)).run(Command(tuple(told)), tmp_path, print, lambda: False)
    assert done.last_line == "1 19"


@pytest.mark.parametrize(("limit_mb", "exit_code"), [(None, 0), (256, 1)])
def test_a_job_that_asks_for_too_much_memory_fails_alone(tmp_path: Path, limit_mb: int | None, exit_code: int) -> None:
    lines: list[str] = []
    greedy = [sys.executable, "-c", "bytearray(512 << 20)"]
    done = LocalJobRunner(JobLimits(memory_mb=limit_mb)).run(
        Command(tuple(greedy)), tmp_path, lines.append, lambda: False
    )
    assert (done.exit_code, lines[-1:]) == (exit_code, ["MemoryError"] if exit_code else [])


def test_lines_that_cannot_be_kept_do_not_stop_a_job(tmp_path: Path) -> None:
    """By a full disk, or a database that is away for a while."""
    program = "import sys\nfor _ in range(20): print('x' * 10_000, file=sys.stderr)\nprint('done')"
    kept = Mock(side_effect=OperationalError("", {}, Exception("away")))
    done = LocalJobRunner().run(Command((sys.executable, "-c", program)), tmp_path, kept, lambda: False)
    assert (done.exit_code, done.last_line, kept.call_count) == (0, "done", 20)


def test_a_process_does_not_outlive_what_ran_it(tmp_path: Path) -> None:
    pids: list[str] = []
    program = "import os, sys, time; print(os.getpid(), file=sys.stderr, flush=True); time.sleep(600)"

    def cancelled() -> bool:
        raise NotFound("job")

    with pytest.raises(NotFound):
        LocalJobRunner().run(Command((sys.executable, "-c", program)), tmp_path, pids.append, cancelled)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    (tmp_path / "pid").mkdir()  # it cannot be written down
    with pytest.raises(IsADirectoryError):
        LocalJobRunner().run(Command((sys.executable, "-c", program)), tmp_path, pids.append, lambda: False)


def test_while_the_database_is_away_nobody_cancels(tmp_path: Path) -> None:
    database = Mock(Database)
    database.read.side_effect = OperationalError("", {}, Exception("away"))
    desk = Desk(database, "1", tmp_path, threading.Event())
    assert not desk.cancelled()
    desk.close()


def test_a_parcel_arrives_as_it_was_sent(tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "old.bundle"
    (folder / "train" / "good").mkdir(parents=True)
    (folder / "train" / "good" / "a.png").write_bytes(b"a" * 3)
    (folder / "train" / "good" / "b.png").hardlink_to(folder / "train" / "good" / "a.png")
    file.write_bytes(b"bundle")
    (there := tmp_path / "there").mkdir()
    unpack(pack([folder, tmp_path / "not there", file], tmp_path), there)
    arrived = {str(path.relative_to(there)): path.read_bytes() for path in there.rglob("*") if path.is_file()}
    good = "0/data/train/good"
    assert arrived == {f"{good}/a.png": b"aaa", f"{good}/b.png": b"aaa", "2/old.bundle": b"bundle"}


def test_a_program_on_the_leash_dies_with_who_started_it() -> None:
    leashed = "[sys.executable, '-m', 'inspection.jobs.leash', str(os.getpid()), 'sleep', '600']"
    script = f"import os, subprocess, sys; print(subprocess.Popen({leashed}).pid, flush=True); sys.stdin.read()"
    starter = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    command_line = Path(f"/proc/{pid}/cmdline")
    while not command_line.read_bytes().startswith(b"sleep"):
        pass
    starter.kill()
    starter.communicate()
    while command_line.exists() and command_line.read_bytes():  # a zombie has no arguments
        pass


def test_a_parcel_holds_one_copy_of_what_lies_in_another() -> None:
    order = TrainOrder("part", Path("data"), Path("out"), Path("key"), Path("data/defects"), "abc", Path("abc.bundle"))
    command = ModelCommands(PROGRAM).train(order)
    assert (command.reads, command.writes, command.key) == (
        (Path("data"), Path("abc.bundle")),
        (Path("out"),),
        Path("key"),
    )
