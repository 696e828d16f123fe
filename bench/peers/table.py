"""The table in docs/benchmarks.md, and what the peers do better."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OURS", "Row", "as_markdown", "better_peers", "multiples", "write_section"]

OURS = "inspection, fast"
_BEGIN, _END = "<!-- peers: written by `python -m bench.peers` -->", "<!-- peers: end -->"
_HEAD = (
    "| part | method | image AUROC | AU-PRO | training | its peak memory | file to verdict p50, p99 | process |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Row:
    """One method on one part.

    Attributes:
        goods: good images trained on.
        epochs: passes over them.
        train_s: of the training process, export included.
        batch: images that the exported model insists on; `p50_ms` and `p99_ms` are of such a call.
        rss_mb: of the judging process after all images.
        failure: why there are no further numbers.
    """

    part: str
    method: str
    goods: int
    epochs: int
    train_s: float
    train_peak_mb: float
    failure: str | None = None
    batch: int = 1
    image_auroc: float | None = None
    au_pro: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    rss_mb: float | None = None

    def as_markdown(self) -> str:
        """A line of the table."""
        cells = [
            f"{self.part} ({self.goods})",
            self.method,
            _decimals(self.image_auroc),
            _decimals(self.au_pro),
            f"{self.train_s:.0f} s" + (f", {self.epochs} epochs" if self.epochs > 1 else ""),
            f"{self.train_peak_mb / 1000:.1f} GB",
            self._latency(),
            "-" if self.rss_mb is None else f"{self.rss_mb:.0f} MB",
        ]
        return "| " + " | ".join(cells) + " |"

    def _latency(self) -> str:
        if self.p50_ms is None or self.p99_ms is None:
            return f"no model: {self.failure}"
        told = f"{self.p50_ms:.1f}, {self.p99_ms:.1f} ms"
        return told if self.batch == 1 else f"{told} ({self.batch} images a call)"


def as_markdown(rows: Sequence[Row]) -> str:
    """All rows."""
    return _HEAD + "\n".join(row.as_markdown() for row in rows) + "\n"


def better_peers(rows: Sequence[Row]) -> list[str]:
    """A sentence for each measure in which a peer is ahead of us on the same part."""
    said = []
    for ours in (row for row in rows if row.method == OURS):
        for peer in (row for row in rows if row.part == ours.part and row.method != OURS):
            said += [f"{ours.part}: {peer.method} {words}" for words in _ahead(ours, peer)]
    return said


def multiples(rows: Sequence[Row]) -> list[str]:
    """How many times our median each peer takes; where a batch was baked in, by call and by image."""
    said = []
    for ours in (row for row in rows if row.method == OURS and row.p50_ms):
        for peer in (row for row in rows if row.part == ours.part and row.method != OURS and row.p50_ms):
            ratio = (peer.p50_ms or 0.0) / (ours.p50_ms or 1.0)
            by_image = "" if peer.batch == 1 else f" a call, {ratio / peer.batch:.1f} an image"
            said.append(f"{ours.part} {peer.method} {ratio:.1f}{by_image}")
    return said


def _ahead(ours: Row, peer: Row) -> list[str]:
    larger = (("image AUROC", ours.image_auroc, peer.image_auroc), ("AU-PRO", ours.au_pro, peer.au_pro))
    smaller = (
        ("time of training in s", ours.train_s, peer.train_s),
        ("peak memory of training in MB", ours.train_peak_mb, peer.train_peak_mb),
        ("p50 in ms", ours.p50_ms, peer.p50_ms),
        ("p99 in ms", ours.p99_ms, peer.p99_ms),
        ("memory of the judging process in MB", ours.rss_mb, peer.rss_mb),
    )
    if peer.failure is not None:
        return []
    more = [f"{name} {b:.3f} against {a:.3f}" for name, a, b in larger if a is not None and b is not None and b > a]
    less = [f"{name} {b:.0f} against {a:.0f}" for name, a, b in smaller if a is not None and b is not None and b < a]
    return more + less


def write_section(file: Path, text: str) -> None:
    """Put the text between its markers, at the end of the file if they are not there yet."""
    before, after = (file.read_text("utf-8") if file.exists() else "# Benchmarks\n\n"), ""
    if _BEGIN in before:
        before, rest = before.split(_BEGIN, 1)
        after = rest.split(_END, 1)[1]
    section = f"{_BEGIN}\n\n{text.strip()}\n\n{_END}"
    file.write_text("\n\n".join(piece.strip() for piece in (before, section, after) if piece.strip()) + "\n", "utf-8")


def _decimals(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
