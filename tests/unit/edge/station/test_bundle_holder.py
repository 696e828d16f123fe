"""Facts of taking a bundle, with real signed bundles and a real onnxruntime session."""

import json
import zipfile
from pathlib import Path

import pytest

from edge.bundle import pack_parity, unpack_parity
from edge.contract.archive import PARITY, write_sealed
from edge.contract.errors import BundleCorrupt, BundleMismatch, BundleRefused, BundleTooNew, BundleUnsigned
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import InferenceSettings
from edge.station.bundles import BundleHolder
from tests.support.tiny_bundle import tiny_files, tiny_manifest, write_tiny_bundle

ONE_THREAD = InferenceSettings(threads=1)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return SigningKey.load_or_create(tmp_path / "key.pem")


@pytest.fixture
def holder(tmp_path: Path, key: SigningKey) -> BundleHolder:
    """Already runs one."""
    write_tiny_bundle(tmp_path / "first.bundle", key)
    made = BundleHolder(TrustedKeys((key.public_text,)), ONE_THREAD, "part", tmp_path / "state")
    made.start(tmp_path / "first.bundle", prefer_accepted=True)
    return made


def unsigned(path: Path, key: SigningKey) -> type[BundleRefused]:
    """Without signature.json."""
    write_tiny_bundle(path, key)
    repack(path, lambda content: content.pop("signature.json"))
    return BundleUnsigned


def by_a_stranger(path: Path, _: SigningKey) -> type[BundleRefused]:
    """Signed by a key that is not trusted here."""
    write_tiny_bundle(path, SigningKey.load_or_create(path.with_suffix(".stranger")))
    return BundleUnsigned


def one_byte_changed(path: Path, key: SigningKey) -> type[BundleRefused]:
    """A model that does not match its hash."""
    write_tiny_bundle(path, key)
    repack(path, lambda content: content.update({"model.onnx": content["model.onnx"][:-1] + b"\x00"}))
    return BundleCorrupt


def cut_off(path: Path, key: SigningKey) -> type[BundleRefused]:
    """Half a download."""
    write_tiny_bundle(path, key)
    path.write_bytes(path.read_bytes()[:500])
    return BundleCorrupt


def too_new(path: Path, key: SigningKey) -> type[BundleRefused]:
    """A format of the future."""
    files = tiny_files()
    write_sealed(path, tiny_manifest(files).model_copy(update={"schema_version": 99}), files, key)
    return BundleTooNew


def for_another_part(path: Path, key: SigningKey) -> type[BundleRefused]:
    """Another recipe."""
    write_tiny_bundle(path, key, recipe="screw")
    return BundleMismatch


def with_other_scores(path: Path, key: SigningKey) -> type[BundleRefused]:
    """This machine computes something else than the export did."""
    files = tiny_files()
    pixels, score = unpack_parity(files[PARITY])
    files[PARITY] = pack_parity(pixels, score + 1)
    write_sealed(path, tiny_manifest(files), files, key)
    return BundleMismatch


def repack(path: Path, change: object) -> None:
    """Change the content of a bundle behind its signature's back."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    "make", [unsigned, by_a_stranger, one_byte_changed, cut_off, too_new, for_another_part, with_other_scores]
)
def test_a_bad_bundle_is_refused_and_the_old_one_runs(
    tmp_path: Path, key: SigningKey, holder: BundleHolder, make: object
) -> None:
    old, path = holder.current, tmp_path / "bad.bundle"
    expected = make(path, key)
    with pytest.raises(expected):
        holder.accept(path, "0" * 64)
    assert holder.current is old


def test_a_good_bundle_takes_over_and_is_kept_for_the_next_start(
    tmp_path: Path, key: SigningKey, holder: BundleHolder
) -> None:
    """The next start needs no plant."""
    incoming = tmp_path / "incoming.bundle"
    new_id = write_tiny_bundle(incoming, key, threshold=0.5)
    holder.accept(incoming, new_id)
    assert holder.running_id == new_id
    again = BundleHolder(TrustedKeys((key.public_text,)), ONE_THREAD, "part", tmp_path / "state")
    again.start(tmp_path / "first.bundle", prefer_accepted=True)
    assert again.running_id == new_id


def test_another_bundle_than_announced_is_refused(tmp_path: Path, key: SigningKey, holder: BundleHolder) -> None:
    """Signed and sound, but not what the plant said."""
    incoming = tmp_path / "incoming.bundle"
    write_tiny_bundle(incoming, key, threshold=0.5)
    with pytest.raises(BundleMismatch, match="expected bundle 000"):
        holder.accept(incoming, "0" * 64)


def test_without_a_plant_only_the_named_bundle_counts(tmp_path: Path, key: SigningKey, holder: BundleHolder) -> None:
    """A forgotten one of a former plant does not come back."""
    first_id, incoming = holder.running_id, tmp_path / "incoming.bundle"
    holder.accept(incoming, write_tiny_bundle(incoming, key, threshold=0.5))
    again = BundleHolder(TrustedKeys((key.public_text,)), ONE_THREAD, "part", tmp_path / "state")
    again.start(tmp_path / "first.bundle", prefer_accepted=False)
    assert again.running_id == first_id


def test_a_damaged_accepted_bundle_gives_way_to_the_named_one(
    tmp_path: Path, key: SigningKey, holder: BundleHolder
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "accepted.bundle").write_bytes(b"torn")
    again = BundleHolder(TrustedKeys((key.public_text,)), ONE_THREAD, "part", tmp_path / "state")
    again.start(tmp_path / "first.bundle", prefer_accepted=True)
    assert again.running_id == holder.running_id
    assert again.refused is None


def test_no_bundle_at_all_waits_and_a_bad_one_says_why(tmp_path: Path, key: SigningKey) -> None:
    made = BundleHolder(TrustedKeys((key.public_text,)), ONE_THREAD, "part", tmp_path / "state")
    made.start(None, prefer_accepted=True)
    assert (made.current, made.first.is_set()) == (None, False)
    with pytest.raises(BundleCorrupt):
        made.start(tmp_path / "missing.bundle", prefer_accepted=True)
    assert "missing.bundle" in made.refused


def test_a_reason_is_cut_to_what_a_heartbeat_takes(holder: BundleHolder) -> None:
    holder.refuse("x" * 2000)
    assert len(json.dumps(holder.refused)) == 502
