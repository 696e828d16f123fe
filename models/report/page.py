"""Put the report together."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from plotly.offline import get_plotlyjs

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Costs
from edge.inference import Detector
from edge.version import software_version
from models.data.images import ImageSet
from models.evaluation.evaluate import Evaluation
from models.evaluation.intervals import rate_interval
from models.report.charts import charts
from models.report.gallery import overkills, worst_escapes

__all__ = ["write_report"]


def write_report(path: Path, detector: Detector, result: Evaluation, images: ImageSet, costs: Costs) -> None:
    """Write one HTML file with everything in it: scripts, pictures, numbers.

    Raises:
        DataInvalid: the file cannot be written.
    """
    pages = jinja2.Environment(
        loader=jinja2.PackageLoader("models.report", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    html = pages.get_template("page.html").render(
        manifest=detector.manifest,
        bundle_id=detector.bundle_id,
        result=result,
        rates=_rates(result),
        types=_types(result),
        session_run_ms=_percentiles(result),
        costs=costs,
        charts=charts(result, costs),
        escapes=worst_escapes(detector, result, images.items),
        overkills=overkills(detector, result, images.items),
        refused=images.refused,
        plotly=get_plotlyjs(),
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=software_version(),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, "utf-8", errors="backslashreplace")  # file names may hold bytes that are no text
    except OSError as error:
        raise DataInvalid(f"--report: {path} cannot be written: {error}") from error


def _rates(result: Evaluation) -> list[dict[str, Any]]:
    counted = (("escapes", result.escapes, result.defects), ("overkill", result.overkill, result.goods))
    return [_rate(name, count, of) for name, count, of in counted if of]


def _types(result: Evaluation) -> list[dict[str, Any]]:
    return [
        _rate(name, round(share * result.counts[name]), result.counts[name]) for name, share in result.recall.items()
    ]


def _rate(name: str, count: int, of: int) -> dict[str, Any]:
    lower, upper = rate_interval(count, of)
    return {"name": name, "count": count, "of": of, "share": count / of, "lower": lower, "upper": upper}


def _percentiles(result: Evaluation) -> tuple[float, float] | None:
    """None where no part could be judged."""
    if not len(result.session_run_ms):
        return None
    p50, p99 = np.percentile(result.session_run_ms, (50, 99))
    return float(p50), float(p99)
