"""Advisories about the pinned packages, by pip-audit: exit code 0 none, 1 some, 2 not all could be read.

    python .ci/audit.py [--unread-is-fine] PIP_AUDIT [options of pip-audit, as `--osv-url URL` for a mirror]

What was looked into and does not concern this project stands in ACCEPTED, with the reason.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ACCEPTED: dict[str, str] = {}
"""Advisories by id, and why they may stay."""
_ALWAYS = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")
_PATIENCE_S = 180
_PINNED = Path(__file__).parents[1] / "constraints.txt"


def main(arguments: list[str]) -> int:
    """Audit, tell, and answer by exit code."""
    unread_is_fine = arguments[:1] == ["--unread-is-fine"]
    packages = _asked(arguments[1:] if unread_is_fine else arguments)
    found = [f"{package['name']} {package['version']}: {line}" for package in packages for line in _told(package)]
    unread = [package["name"] for package in packages if "skip_reason" in package]
    if found:
        _say("audit: advisories about pinned packages:", *found)
        return 1
    if unread or not packages:
        _say(f"audit: no advisories could be read about {len(unread) or 'any'} packages (no way to the service?)")
        return 0 if unread_is_fine else 2
    _say(f"audit: no advisory about {len(packages)} pinned packages")
    return 0


def _asked(command: list[str]) -> list[dict]:
    """What pip-audit says of each package; nothing where it found no service in time."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        argv = [*command, "--requirement", str(_PINNED), *_ALWAYS, "--output", str(report)]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            return []
        if report.exists():
            return json.loads(report.read_text("utf-8"))["dependencies"]
        sys.stderr.write(done.stderr[-2000:])
        return []


def _told(package: dict) -> list[str]:
    return [
        f"{one['id']}, mended in {', '.join(one['fix_versions']) or 'no version'}: {one['description'][:300]}"
        for one in package.get("vulns", [])
        if not {one["id"], *one["aliases"]} & set(ACCEPTED)
    ]


def _say(*lines: str) -> None:
    sys.stdout.write("\n  ".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
