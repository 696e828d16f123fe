"""Scopes of programs' keys: a key may do what its role may, and if it has scopes, of that only what they name."""

from enum import StrEnum

__all__ = ["Scope"]


class Scope(StrEnum):
    """One area of the API, to read or to change."""

    RESULTS_READ = "results:read"  # results, images, feed, review, analytics, drift
    LABELS_WRITE = "labels:write"
    SAMPLES_READ = "samples:read"
    SAMPLES_WRITE = "samples:write"
    RECIPES_READ = "recipes:read"
    RECIPES_WRITE = "recipes:write"
    MODELS_READ = "models:read"  # bundles, gates, rollouts, the public key
    MODELS_WRITE = "models:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
