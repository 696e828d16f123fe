"""What a version of the recipe asks of a training, as options of `models train`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from inspection.registry.recipe_settings import RecipeSettings
from inspection.registry.recipe_versions import newest_version, settings_of

__all__ = ["training_options", "training_parameters"]

_COSTS = ("escape_cost", "overkill_cost", "defect_rate")


def training_parameters(session: Session, recipe: str, *, use_defects: bool | None = None) -> dict[str, Any]:
    """Parameters of a training that takes the recipe's newest version; None asks that whether defects are used."""
    version = newest_version(session, recipe)
    return {
        "use_defects": settings_of(version).use_defects if use_defects is None else use_defects,
        "recipe_version": None if version is None else version.version,
    }


def training_options(settings: RecipeSettings, export: Callable[[str, str], Path], *, like_champion: bool) -> list[str]:
    """Options in the order of the settings; what is at its default is left out.

    Args:
        settings: of the version.
        export: writes a stored image (its SHA-256, a name) into the job's folder.
        like_champion: the network shall see what the champion's sees, so nothing is said of that.
    """
    wanted = _decision(settings)
    if not like_champion:
        wanted |= _geometry(settings, export)
    return [part for name, value in wanted.items() if value is not None for part in (f"--{name}", str(value))]


def _decision(settings: RecipeSettings) -> dict[str, Any]:
    costs = {name.replace("_", "-"): getattr(settings, name) for name in _COSTS}
    return {
        "max-overkill": settings.max_overkill,
        "undecided-overkill": settings.undecided_overkill,
        **(costs if settings.escape_cost is not None else {}),
    }


def _geometry(settings: RecipeSettings, export: Callable[[str, str], Path]) -> dict[str, Any]:
    roi, golden, mask = settings.roi, settings.golden_sha256, settings.ignore_mask_sha256
    return {
        "tier": settings.tier,
        "size-px": settings.size_px,
        "smallest-defect-px": settings.smallest_defect_px,
        "roi": None if roi is None else f"{roi.x_px},{roi.y_px},{roi.width_px},{roi.height_px}",
        "align": None if golden is None else export(golden, "golden"),
        "ignore-mask": None if mask is None else export(mask, "ignored"),
        "invariant": ",".join(settings.invariant) or None,
    }
