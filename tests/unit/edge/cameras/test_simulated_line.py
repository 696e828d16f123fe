"""Facts of the simulated line."""

import numpy as np

from edge.cameras.protocol import NoFrame
from edge.cameras.settings import SimulatedCameraSettings
from edge.cameras.simulated import DEFECTS, SimulatedCamera, render_part
from edge.contract.frame import Frame
from tests.support.edge_fakes import FakeClock


def settings(**changes: float) -> SimulatedCameraSettings:
    """Small parts."""
    return SimulatedCameraSettings(kind="simulated", **{"size_px": 64, **changes})


def test_the_same_seed_renders_the_same_parts_and_another_one_others() -> None:
    first, again, other = (render_part(settings(seed=seed), 3).pixels for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_type_of_defect_comes_with_a_mask_where_the_part_differs() -> None:
    """The same part without its defect differs inside the mask, and hardly outside."""
    quiet = {"jitter_px": 0.0, "jitter_deg": 0.0, "blur_px": 0.0, "lighting_drift": 0.0, "size_px": 128}
    good = render_part(settings(defect_fraction=0.0, **quiet), 0).pixels.astype(int)
    seen = set()
    for index in range(40):
        part = render_part(settings(defect_fraction=1.0, **quiet), index)
        difference = np.abs(part.pixels.astype(int) - good).mean(axis=2)
        seen.add(part.defect)
        assert part.mask.any()
        assert difference[part.mask].mean() > 3 * difference[~part.mask].mean(), part.defect
    assert seen == set(DEFECTS)


def test_good_parts_have_an_empty_mask_and_the_share_of_defects_is_as_told() -> None:
    parts = [render_part(settings(defect_fraction=0.25), index) for index in range(200)]
    bad = [part for part in parts if part.defect is not None]
    assert 30 < len(bad) < 70
    assert not any(part.mask.any() for part in parts if part.defect is None)


def test_light_drifts_and_pose_jitters() -> None:
    calm, swaying = settings(lighting_drift=0.0, defect_fraction=0.0), settings(lighting_drift=0.3, defect_fraction=0.0)
    levels = [[float(render_part(s, i).pixels.mean()) for i in (50, 150)] for s in (calm, swaying)]
    assert abs(levels[0][0] - levels[0][1]) < 2
    assert levels[1][0] > 1.5 * levels[1][1]


def test_the_camera_delivers_parts_at_its_rate_and_ends() -> None:
    clock = FakeClock()
    camera = SimulatedCamera(settings(rate_hz=10.0, limit=3, defect_fraction=1.0), clock)
    camera.open()
    frames = [camera.grab(1.0) for _ in range(3)]
    assert camera.grab(1.0) is NoFrame.END
    assert all(isinstance(f, Frame) for f in frames)
    assert clock.slept == [0.1, 0.1]
    assert [f.source.split(":")[0] for f in frames] == ["simulated 0", "simulated 1", "simulated 2"]
