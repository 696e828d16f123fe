"""INT8 and fp16 as a user asks for them: measured on a hold-out, and written only if they are worth it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.bundle import load_detector
from edge.contract.archive import open_sealed
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.contract.terminal import ExitCode
from edge.inference import InferenceSettings
from models.cli import quantize
from models.cli.parser import build_parser
from models.export.reduced import Comparison
from tests.support.commands import Finished, run_command
from tests.support.textures import DataFolder, good_part

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Trained:
    """A bundle of good parts, and where everything lies."""

    path: Path
    data: Path
    key: SigningKey

    def options(self, precision: str) -> list[str]:
        """Of the command; it writes a file by the name of the precision."""
        files = [str(self.path / "full.bundle"), str(self.data), "--out", str(self.out(precision))]
        signed = ["--key", str(self.path / "key.pem"), "--trust", self.key.public_text]
        return [*files, "--precision", precision, *signed, "--json"]

    def out(self, precision: str) -> Path:
        """What the command writes."""
        return self.path / f"{precision}.bundle"

    def quantize(self, precision: str, *more: str) -> Finished:
        """Run it."""
        return run_command("quantize", *self.options(precision), *more, home=self.path)


@pytest.fixture(name="trained", scope="module")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    path = tmp_path_factory.mktemp("fewer-bits")
    data = DataFolder(path / "data").add_goods(range(24)).add_tests(range(200, 212), range(300, 308)).root
    key = SigningKey.load_or_create(path / "key.pem")
    options = ["--out", path / "full.bundle", "--key", path / "key.pem", "--size-px", "128"]
    done = run_command("train", data, *options, home=path)
    assert done.code == 0, done.err
    return Trained(path, data, key)


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_fewer_bits_are_written_only_if_they_are_faster_and_agree(trained: Trained, precision: str) -> None:
    """Which of both it is, the processor decides; what was measured is told either way."""
    done = trained.quantize(precision)
    assert done.code in {0, 1}, done.err
    assert trained.out(precision).exists() is (done.code == 0)
    if done.code:
        assert "of 28 verdicts flipped" in done.err
        return
    told = done.json()
    assert told[f"{precision}_ms"] < told["full_ms"]
    assert told["verdict_flips"] == 0


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_what_measures_faster_becomes_a_bundle_that_says_so_and_judges(
    trained: Trained, precision: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a processor on which it is faster."""
    faster = Comparison(images=28, full_ms=10.0, reduced_ms=6.0, max_score_difference=0.1, verdict_flips=0)
    monkeypatch.setattr(quantize, "compare", lambda *_: faster)
    options = build_parser().parse_args(["quantize", *trained.options(precision)])
    assert quantize.run(options) is ExitCode.OK
    assert f'"{precision}_ms": 6.0' in capsys.readouterr().out
    trusted = TrustedKeys((trained.key.public_text,))
    detector = load_detector(trained.out(precision), trusted, InferenceSettings())  # repeats its parity sample
    manifest = detector.manifest
    measured = {"int8": manifest.int8, "fp16": manifest.fp16}
    assert measured.pop(precision) is not None
    assert list(measured.values()) == [None]
    assert manifest.provenance.parent_bundle_id == open_sealed(trained.path / "full.bundle", trusted).id
    if precision == "fp16":
        assert detector.judge(good_part(401)).verdict is Verdict.PASS


def test_fewer_bits_are_not_measured_where_the_provider_is_missing(trained: Trained) -> None:
    done = trained.quantize("fp16", "--provider", "tensorrt")
    assert done.code == 2
    assert "TensorrtExecutionProvider: expected one of" in done.err
