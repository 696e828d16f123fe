"""The curves of the report, by plotly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly import graph_objects as go
from sklearn.metrics import precision_recall_curve, roc_curve

from edge.contract.manifest import Costs
from models.calibration.cost import cheapest_threshold, expected_cost, failed_share
from models.evaluation.evaluate import Evaluation

__all__ = ["charts"]

_GOOD, _BAD, _LINE = "#1b7f5c", "#c0392b", "#2c5aa0"
_STEPS = 300
_PER = 1000  # parts that a cost is told for


def charts(result: Evaluation, costs: Costs) -> dict[str, str]:
    """Fragments of HTML by name; those that need good and bad parts are left out where there are not both."""
    figures = {"scores": _histogram(result)}
    if result.goods and result.defects:
        figures |= {
            "roc": _roc(result),
            "precision": _precision_recall(result),
            "rates": _rates(result),
            "costs": _cost(result, costs),
        }
    return {name: _html(name, figure) for name, figure in figures.items()}


def _histogram(result: Evaluation) -> Any:
    figure = go.Figure()
    for name, rows in (("good", ~result.bad), ("defective", result.bad)):
        if rows.any():
            scores = result.scores[rows].astype(float)
            figure.add_histogram(x=scores, name=name, nbinsx=60, opacity=0.65, marker_color=_colour(name))
    figure.update_layout(barmode="overlay", xaxis_title="score", yaxis_title="parts")
    return _with_threshold(figure, result.threshold, "threshold")


def _roc(result: Evaluation) -> Any:
    overkill, recall, _ = roc_curve(result.bad, result.scores)
    figure = go.Figure(go.Scatter(x=overkill, y=recall, mode="lines", line_color=_LINE, name="ROC"))
    point = {"x": [result.overkill / result.goods], "y": [1 - result.escapes / result.defects]}
    figure.add_scatter(**point, mode="markers", marker={"size": 11, "color": _BAD}, name="at the threshold")
    return figure.update_layout(xaxis_title="overkill rate", yaxis_title="recall (1 - escape rate)")


def _precision_recall(result: Evaluation) -> Any:
    precision, recall, _ = precision_recall_curve(result.bad, result.scores)
    figure = go.Figure(go.Scatter(x=recall, y=precision, mode="lines", line_color=_LINE, name="precision"))
    return figure.update_layout(xaxis_title="recall", yaxis_title="precision", yaxis_range=[0, 1.03])


def _rates(result: Evaluation) -> Any:
    thresholds, escapes, overkill = _over_thresholds(result)
    figure = go.Figure()
    figure.add_scatter(x=thresholds, y=escapes, mode="lines", line_color=_BAD, name="escape rate")
    figure.add_scatter(x=thresholds, y=overkill, mode="lines", line_color=_GOOD, name="overkill rate")
    figure.update_layout(xaxis_title="threshold", yaxis_title="rate", yaxis_tickformat=".0%")
    return _with_threshold(figure, result.threshold, "threshold")


def _cost(result: Evaluation, costs: Costs) -> Any:
    thresholds, escapes, overkill = _over_thresholds(result)
    figure = go.Figure()
    figure.add_scatter(
        x=thresholds,
        y=_PER * expected_cost(costs, escapes, overkill),
        mode="lines",
        line_color=_LINE,
        name="expected cost",
    )
    figure.update_layout(xaxis_title="threshold", yaxis_title=f"cost of {_PER} parts", yaxis_rangemode="tozero")
    cheapest = cheapest_threshold(result.scores[~result.bad], result.scores[result.bad], costs)
    figure.add_vline(x=cheapest, line_dash="dot", line_color=_GOOD, annotation_text="cheapest on these parts")
    return _with_threshold(figure, result.threshold, "threshold")


def _over_thresholds(result: Evaluation) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Thresholds, escape rates and overkill rates."""
    thresholds = np.linspace(float(result.scores.min()), float(result.scores.max()), _STEPS)
    escapes = 1 - failed_share(result.scores[result.bad], thresholds)
    return thresholds, escapes, failed_share(result.scores[~result.bad], thresholds)


def _with_threshold(figure: Any, threshold: float, text: str) -> Any:
    figure.add_vline(x=threshold, line_dash="dash", line_color="#555", annotation_text=text)
    return figure


def _colour(name: str) -> str:
    return _GOOD if name == "good" else _BAD


def _html(name: str, figure: Any) -> str:
    figure.update_layout(
        template="plotly_white",
        margin={"l": 60, "r": 20, "t": 20, "b": 50},
        height=340,
        legend={"orientation": "h", "y": 1.1},
        font={"family": "system-ui, sans-serif", "size": 13},
    )
    config = {"displaylogo": False, "responsive": True, "showSendToCloud": False}
    return str(figure.to_html(full_html=False, include_plotlyjs=False, div_id=f"chart-{name}", config=config))
