"""The tables; `migrations/` makes them, and a test asserts that the two agree.

Rows of `results`, `labels`, `sample_labels`, `recipe_versions`, `promotions`, `rollouts`, `rollout_steps`,
`station_bundles` and `audit` are only ever added.
"""

from inspection.store.tables.base import Base
from inspection.store.tables.line import (
    AlertDeliveryRow,
    AlertRow,
    BlobRow,
    HourRow,
    LatencyHourRow,
    MeasureHourRow,
    RecipeRow,
    RecipeVersionRow,
    ResultImageRow,
    ResultRow,
    StationBundleRow,
    StationRow,
    WebhookCursorRow,
)
from inspection.store.tables.models import (
    AcceptanceRow,
    BundleRow,
    FlipRow,
    GateRow,
    JobRow,
    PromotionRow,
    RolloutRow,
    RolloutStepRow,
    ShadowOrderRow,
    ShadowVerdictRow,
)
from inspection.store.tables.people import ApiKeyRow, AuditRow, SessionRow, UserRow
from inspection.store.tables.review import (
    AuditDrawRow,
    DataVersionRow,
    LabelRow,
    ReviewCheckRow,
    ReviewPartRow,
    SampleLabelRow,
    SampleRow,
)

__all__ = [
    "AcceptanceRow",
    "AlertDeliveryRow",
    "AlertRow",
    "ApiKeyRow",
    "AuditDrawRow",
    "AuditRow",
    "Base",
    "BlobRow",
    "BundleRow",
    "DataVersionRow",
    "FlipRow",
    "GateRow",
    "HourRow",
    "JobRow",
    "LabelRow",
    "LatencyHourRow",
    "MeasureHourRow",
    "PromotionRow",
    "RecipeRow",
    "RecipeVersionRow",
    "ResultImageRow",
    "ResultRow",
    "ReviewCheckRow",
    "ReviewPartRow",
    "RolloutRow",
    "RolloutStepRow",
    "SampleLabelRow",
    "SampleRow",
    "SessionRow",
    "ShadowOrderRow",
    "ShadowVerdictRow",
    "StationBundleRow",
    "StationRow",
    "UserRow",
    "WebhookCursorRow",
]
