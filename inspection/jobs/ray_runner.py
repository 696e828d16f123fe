"""Running a job's command on a Ray cluster, by a process that speaks with it, so that the plant never loads ray."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from edge.contract.archive import open_sealed, write_sealed
from edge.contract.errors import JobFailed, SettingsInvalid
from edge.contract.signature import SigningKey, TrustedKeys
from inspection.jobs.command import Command
from inspection.jobs.ray_order import MADE_BY, ORDER, RayOrder
from inspection.jobs.ray_settings import RaySettings
from inspection.jobs.runner import Finished, JobLimits, LocalJobRunner

__all__ = ["RayJobRunner"]


class RayJobRunner:
    """Runs commands on workers of a cluster; files travel with them, the plant's signing key does not.

    A process of its own speaks with the cluster (decision 0050): ray ends its process when it loses the cluster's head.
    """

    def __init__(self, settings: RaySettings, limits: JobLimits, key_file: Path) -> None:
        """Nothing is asked of the cluster yet.

        Raises:
            SettingsInvalid: ray is not installed.
        """
        if find_spec("ray") is None:
            raise SettingsInvalid("[ray] needs ray, which is not installed: pip install 'inspection[ray]'")
        self._settings = settings
        self._limits = limits
        self._key_file = key_file
        self._local = LocalJobRunner()

    def run(
        self, command: Command, folder: Path, on_line: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Finished:
        """Hand the command to the cluster, wait, and sign what it made.

        Raises:
            JobCancelled: `cancelled` became true.
            JobFailed: what came back is not signed by the worker that made it.
        """
        order, made_by = folder / ORDER, folder / MADE_BY
        order.write_text(self._order(command, made_by).model_dump_json(indent=1), "utf-8")
        try:
            speaking = Command((sys.executable, "-m", "inspection.jobs.on_ray", str(order)))
            finished = self._local.run(speaking, folder, on_line, cancelled)
            if command.key is not None and made_by.exists():
                worker = TrustedKeys((made_by.read_text("utf-8"),))
                for path in command.writes:
                    if path.exists():
                        _sign(path, worker, SigningKey.load_or_create(self._key_file))
        finally:
            order.unlink()
            made_by.unlink(missing_ok=True)
        return finished

    def _order(self, command: Command, made_by: Path) -> RayOrder:
        return RayOrder(
            argv=command.argv,
            reads=command.reads,
            writes=command.writes,
            key=command.key,
            made_by=made_by,
            program=sys.executable,
            address=self._settings.address,
            cores=self._limits.cores or 1,
            memory_mb=self._limits.memory_mb,
            attempts=self._settings.attempts,
        )


def _sign(path: Path, worker: TrustedKeys, key: SigningKey) -> None:
    """Put the plant's signature in the place of the worker's; the id is that of the manifest and stays."""
    sealed = open_sealed(path, worker)
    if write_sealed(path, sealed.manifest, sealed.files, key) != sealed.id:
        raise JobFailed(f"{path.name}: the worker runs another version of inspection, whose manifests read differently")
