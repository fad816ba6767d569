"""`pytest models/training/published`: checkpoints in the official layout, and what is refused."""
from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
sys.path.insert(0, str(Path(__file__).parents[1]))

from published import import_checkpoint  # noqa: E402
from published.checkpoint import CheckpointError, load  # noqa: E402
from published.manydepth import rotation  # noqa: E402
from published.networks import PUBLISHED  # noqa: E402
from published.reference import official  # noqa: E402
from seeded_weights import fill_state  # noqa: E402

SMALL = (96, 160)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)
    with torch.no_grad():
        yield


def write(network: torch.nn.Module, folder: Path, **extra) -> None:
    """The official files, with what the authors' training leaves beside the tensors that count."""
    for file, tensors in official(network).items():
        found = dict(tensors)
        if file == "encoder.pth":
            found |= {"encoder.fc.weight": torch.zeros(1000, 512), "use_stereo": False, **extra}
        if file in getattr(network, "ALIASES", {}):
            found |= {f"{network.ALIASES[file]}{at}.any": tensor for at, tensor in enumerate(tensors.values())}
        torch.save(found, folder / file)


def inputs(ident: str) -> list["torch.Tensor"]:
    pictures = [torch.rand(1, 3, *SMALL, generator=torch.Generator().manual_seed(i)) for i in range(PUBLISHED[ident].pictures)]
    return pictures + ([torch.tensor([93.0, 184.0, 80.0, 48.0])] if len(pictures) == 2 else [])


@pytest.mark.parametrize("ident", ["monodepth2-640x192", "diffnet-640x192", "manydepth-640x192"])
def test_official_files_load_without_renaming(ident, tmp_path):
    published = PUBLISHED[ident]
    network = published.build().eval()
    fill_state(network, published.gains)
    write(network, tmp_path, height=192, width=640, min_depth_bin=torch.tensor(0.4), max_depth_bin=12.5)
    loaded = published.build().eval()
    checkpoint = load(loaded, tmp_path)
    assert checkpoint.size == (192, 640)
    assert checkpoint.extra["min_depth_bin"] == pytest.approx(0.4) and checkpoint.extra["max_depth_bin"] == 12.5
    given = inputs(ident)
    assert torch.equal(loaded(*given), network(*given))


def test_the_cut_form_of_manydepth_is_the_whole_one_with_the_depths_of_its_checkpoint():
    published = PUBLISHED["manydepth-640x192"]
    network = published.build().eval()
    fill_state(network)
    from published.checkpoint import Checkpoint

    graphs = published.graphs(network, SMALL, Checkpoint(None, {"min_depth_bin": 0.4, "max_depth_bin": 12.5}))
    assert (network.low, network.high) == (0.4, 12.5)
    picture, before, camera = inputs("manydepth-640x192")
    here, there = graphs["frame"].module(picture), graphs["frame"].module(before)
    cut = graphs["window"].module(here[0], here[1], here[2], there[0], there[2], camera)
    assert torch.equal(cut, network(picture, before, camera))


def test_a_rotation_is_one():
    turn = rotation(torch.tensor([0.02, -0.3, 0.1]))
    assert torch.allclose(turn @ turn.T, torch.eye(3), atol=1e-5) and float(torch.det(turn)) == pytest.approx(1, abs=1e-5)
    assert torch.allclose(rotation(torch.zeros(3)), torch.eye(3))
    # A quarter about z takes x to y.
    quarter = rotation(torch.tensor([0.0, 0.0, torch.pi / 2]))
    assert torch.allclose(quarter @ torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0]), atol=1e-6)


def test_what_is_no_such_checkpoint_is_refused_by_name(tmp_path):
    network = PUBLISHED["monodepth2-640x192"].build()
    with pytest.raises(CheckpointError, match="encoder.pth is not there"):
        load(network, tmp_path)
    write(network, tmp_path)
    broken = torch.load(tmp_path / "depth.pth", weights_only=True)
    kept = broken.pop("decoder.3.conv.conv.weight")
    torch.save(broken, tmp_path / "depth.pth")
    with pytest.raises(CheckpointError, match="depth.pth lacks decoder.3.conv.conv.weight"):
        load(network, tmp_path)
    torch.save(broken | {"decoder.3.conv.conv.weight": kept[:5]}, tmp_path / "depth.pth")
    with pytest.raises(CheckpointError, match=r"depth.pth: decoder.3.conv.conv.weight is \[5, "):
        load(network, tmp_path)
    torch.save(broken | {"decoder.3.conv.conv.weight": kept, "surprise": kept}, tmp_path / "depth.pth")
    with pytest.raises(CheckpointError, match="surprise"):
        load(network, tmp_path)
    (tmp_path / "depth.pth").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="depth.pth is no file of tensors"):
        load(network, tmp_path)


class Hostile:
    def __reduce__(self):
        return (Path.touch, (Path("was-run"),))


def test_a_file_that_would_run_code_runs_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = PUBLISHED["monodepth2-640x192"].build()
    write(network, tmp_path)
    (tmp_path / "encoder.pth").write_bytes(pickle.dumps({"conv1.weight": Hostile()}))
    with pytest.raises(CheckpointError):
        load(network, tmp_path)
    assert not (tmp_path / "was-run").exists()


def test_a_checkpoint_of_another_size_is_sent_to_its_own_card(tmp_path, capsys):
    network = PUBLISHED["diffnet-640x192"].build()
    write(network, tmp_path, height=320, width=1024)
    assert import_checkpoint.run(tmp_path, tmp_path / "out", "diffnet-640x192") == 1
    assert "1024x320" in capsys.readouterr().err


def test_the_command_writes_the_card_with_the_graphs_hashes(tmp_path):
    network = PUBLISHED["monodepth2-640x192"].build().eval()
    fill_state(network)
    write(network, tmp_path, height=192, width=640)
    assert import_checkpoint.run(tmp_path, tmp_path / "out", "monodepth2-640x192") == 0
    card = json.loads((tmp_path / "out" / "monodepth2-640x192.json").read_text())
    part = card["parts"]["graph"]
    assert part["bytes"] == (tmp_path / "out" / part["file"]).stat().st_size and len(part["sha256"]) == 64
    assert card["input"]["tensor"] == "picture" and "convert" not in card and "obtain" not in card
