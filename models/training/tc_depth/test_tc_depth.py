"""`pytest models/training/tc_depth`: the Python side, on narrow networks and small pictures."""
from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
onnx = pytest.importorskip("onnx")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tc_depth import import_checkpoint  # noqa: E402
from tc_depth.checkpoint import CheckpointError, load_checkpoint, save_checkpoint  # noqa: E402
from tc_depth.coarse_depth import BINS  # noqa: E402
from tc_depth.export import export_graphs  # noqa: E402
from tc_depth.geometry import KITTI_CAMERA, camera_or_default, cell_points, distance_kernel, distances  # noqa: E402
from tc_depth.macs import count_macs  # noqa: E402
from tc_depth.network import TcDepth  # noqa: E402
from tc_depth.quantise import chosen, compare, quantise_frame, read_pictures  # noqa: E402
from tc_depth.random_weights import random_network, texture  # noqa: E402
from tc_depth.streaming import FramePart, WholeWindow, WindowPart  # noqa: E402
from tc_depth.verify import feeds, session, verify  # noqa: E402

SIZE = (64, 160)
NONE = torch.zeros(4)


def pictures(size: tuple[int, int] = SIZE) -> "torch.Tensor":
    return torch.stack([texture(*size, shift) for shift in (0, 7, -6)])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def network() -> TcDepth:
    return random_network(1 / 16, 11)


@pytest.fixture(scope="module")
def graphs(network, tmp_path_factory) -> dict[str, Path]:
    return export_graphs(network, tmp_path_factory.mktemp("graphs"), "narrow", whole=True)


def worst(a, b) -> float:
    return float((abs(a - b) / abs(b)).max())


def test_the_published_network_has_its_29_million_parameters():
    with torch.device("meta"):
        parts = {name: sum(p.numel() for p in part.parameters()) for name, part in TcDepth().named_children()}
    assert {k: round(v / 1e6, 2) for k, v in parts.items()} == {"encoder": 20.61, "coarse": 1.77, "blocks": 5.82, "decoder": 1.08}
    assert BINS == 256


def test_a_checkpoint_survives_writing_and_reading_with_aliases_and_extras(network, tmp_path):
    save_checkpoint(network, tmp_path, (192, 640))
    encoder = torch.load(tmp_path / "encoder.pth", weights_only=True)
    assert torch.equal(encoder["degrid.1.0.conv1.weight"], encoder["encoder.layer6.0.conv1.weight"])
    torch.save(encoder | {"encoder.fc.weight": torch.zeros(10, 32, 1, 1)}, tmp_path / "encoder.pth")
    loaded = load_checkpoint(tmp_path)
    assert loaded.size == (192, 640)
    assert torch.equal(loaded.network(pictures().permute(0, 3, 1, 2) / 255, NONE), network(pictures().permute(0, 3, 1, 2) / 255, NONE))


@pytest.mark.parametrize("file, change, words", [
    ("spa_temp.pth", lambda t: t.pop("module.1.temp_attn.f_out.bias"), "lacks 1 tensors, first module.1.temp_attn.f_out.bias"),
    ("depth.pth", lambda t: t.update({"decoder.0.conv.conv.bias": torch.zeros(3)}), "has shape"),
    ("ref_depth.pth", lambda t: t["ddv.conv.bias"].fill_(float("nan")), "not finite"),
    ("encoder.pth", lambda t: t.update({"conv.0.weight": t["conv.0.weight"] + 1}), "should be one tensor but differ"),
    ("depth.pth", lambda t: t.update({"pose.weight": torch.zeros(1)}), "holds pose.weight"),
])
def test_a_checkpoint_that_is_not_tc_depth_is_refused_by_name(network, tmp_path, file, change, words):
    save_checkpoint(network, tmp_path, (192, 640))
    tensors = torch.load(tmp_path / file, weights_only=True)
    change(tensors)
    torch.save(tensors, tmp_path / file)
    with pytest.raises(CheckpointError, match=words):
        load_checkpoint(tmp_path)


def test_a_missing_and_a_cut_off_file_are_told_apart(network, tmp_path):
    save_checkpoint(network, tmp_path, (192, 640))
    data = (tmp_path / "depth.pth").read_bytes()
    (tmp_path / "depth.pth").write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="not a file of PyTorch tensors"):
        load_checkpoint(tmp_path)
    (tmp_path / "depth.pth").unlink()
    with pytest.raises(CheckpointError, match="lacks depth.pth"):
        load_checkpoint(tmp_path)


def test_distances_follow_the_camera():
    disparity = 0.1 + torch.rand(1, 1, 4, 6, generator=torch.Generator().manual_seed(0))
    camera = torch.tensor([40.0, 44.0, 20.0, 17.0])
    v, u = np.mgrid[0:4, 0:6] * 8
    depth = 1 / disparity[0, 0].numpy().astype(float)
    points = np.stack([(u - 20) / 40 * depth, (v - 17) / 44 * depth, depth]).reshape(3, -1)
    expected = np.linalg.norm(points[:, :, None] - points[:, None, :], axis=0)
    found = distances(cell_points(disparity, camera)).numpy()
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-6)
    kernel = np.exp(-2 * expected)
    assert np.allclose(distance_kernel(cell_points(disparity, camera), 0.25).numpy(), kernel / kernel.sum(0), rtol=1e-4)


def test_no_camera_means_kittis_constant():
    fx, fy, cx, cy = KITTI_CAMERA
    expected = torch.tensor([fx * 640, fy * 192, cx * 640, cy * 192])
    for unknown in (NONE, torch.full((4,), float("nan"))):
        assert torch.allclose(camera_or_default(unknown, 192, 640), expected, rtol=1e-6)
    known = torch.tensor([700.0, 710.0, 300.0, 100.0])
    assert torch.equal(camera_or_default(known, 192, 640), known)


def test_the_depth_of_a_frame_depends_on_the_set_of_three_alone(network):
    forward = WholeWindow(network)
    order = [2, 0, 1]
    assert worst(forward(pictures()[order], NONE), forward(pictures(), NONE)[order]) <= 1e-5


@pytest.mark.parametrize("camera", [NONE, torch.tensor([150.0, 140.0, 70.0, 33.0])])
def test_the_streaming_form_equals_the_network_for_every_frame(network, camera):
    truth = WholeWindow(network)(pictures(), camera)
    frame, window = FramePart(network).eval(), WindowPart(network).eval()
    features = [frame(p, camera) for p in pictures()]
    for target, (first, second) in enumerate(((1, 2), (2, 0), (0, 1))):
        depth = window(*features[target], *features[first][4:], *features[second][4:])
        assert worst(depth, truth[target]) <= 1e-4


@pytest.mark.parametrize("size", [(64, 160), (96, 104), (128, 64)])
def test_the_graphs_answer_what_pytorch_does_at_any_size(network, graphs, size):
    frame, window, whole = (session(graphs[name]) for name in ("frame", "window", "whole"))
    for camera in (NONE, torch.tensor([0.7 * size[1], 0.8 * size[1], 0.4 * size[1], 0.6 * size[0]])):
        truth = WholeWindow(network)(pictures(size), camera).numpy()
        features = [frame.run(None, {"frame": p.numpy(), "camera": camera.numpy()}) for p in pictures(size)]
        assert worst(window.run(None, feeds(*features))[0], truth[:1]) <= 1e-4
        assert worst(whole.run(None, {"frames": pictures(size).numpy(), "camera": camera.numpy()})[0], truth) <= 1e-4


def test_the_graphs_of_another_network_are_not_taken_for_this_one(network, graphs):
    assert all(d.equal for d in verify(network, graphs, SIZE))
    assert not any(d.equal for d in verify(random_network(1 / 16, 5), graphs, SIZE))


def test_macs_are_counted_from_the_shapes(graphs):
    count = count_macs(graphs["window"], 64, 160)
    cells, inner = 8 * 20, 4
    # Six, six and two attentions; then, a frame, one and later two contexts times the kernel.
    quadratic = 14 * 2 * inner + 3 * (inner + 2 * inner)
    # Matrices over c0 (two powers), over c0 and c1 (three and two), each for three frames; the target's over all.
    linear = 3 * 8 * (2 * inner) + 3 * 8 * (5 * inner) + 32 * (6 * inner)
    assert count["MatMul"] + count.get("Gemm", 0) == quadratic * cells**2 + linear * cells
    assert sum(count_macs(graphs["frame"], 128, 320).values()) > 4 * sum(count_macs(graphs["frame"], 64, 160).values())


def test_the_command_writes_a_card_whose_graphs_are_there(network, tmp_path, capsys):
    save_checkpoint(network, tmp_path / "official", SIZE)
    assert import_checkpoint.run(tmp_path / "official", tmp_path / "out", "tc-depth", None, 1) == 0
    card = json.loads((tmp_path / "out" / "tc-depth.json").read_text())
    assert card["family"] == "windowed-features" and card["output"]["kind"] == "relative"
    for part in card["parts"].values():
        assert (tmp_path / "out" / part["file"]).stat().st_size == part["bytes"]
    assert json.loads(capsys.readouterr().out)["largestRelativeDifference"] <= 1e-4


def test_the_command_names_missing_packages_and_files(tmp_path, monkeypatch, capsys):
    assert import_checkpoint.run(tmp_path, tmp_path, "tc-depth", None, 1) == 1
    assert "lacks encoder.pth" in capsys.readouterr().err
    monkeypatch.setattr(import_checkpoint, "PACKAGES", ("torch", "a_package_nobody_has"))
    assert import_checkpoint.run(tmp_path, tmp_path, "tc-depth", None, 1) == 3
    assert "pip install a_package_nobody_has" in capsys.readouterr().err


def test_no_picture_both_sets_ranges_and_is_compared():
    for count in (8, 9, 30, 500):
        calibration, windows = chosen(count)
        compared = {i for window in windows for i in window}
        assert calibration and windows and not compared & set(calibration)
        assert max(calibration) < count and len(calibration) == len(set(calibration))
        assert all(window == list(range(window[0], window[0] + 3)) for window in windows)
    with pytest.raises(ValueError, match="7 pictures are too few"):
        chosen(7)


def test_eight_bits_change_depth_a_little_and_the_same_graphs_not_at_all(graphs, tmp_path):
    float32 = {name: graphs[name] for name in ("frame", "window")}
    pictures = read_pictures(None, SIZE)
    quantise_frame(graphs["frame"], tmp_path / "frame.onnx", pictures.calibration)
    int8 = float32 | {"frame": tmp_path / "frame.onnx"}
    same = compare(float32, float32, pictures.windows, "test pictures", 6, 2)
    cost = compare(float32, int8, pictures.windows, "test pictures", 6, 2)
    assert same["depthChange"] == {"median": 0.0, "p95": 0.0}
    assert 0 < cost["depthChange"]["median"] < 0.3 and cost["depthChange"]["median"] <= cost["depthChange"]["p95"]
    assert cost["speed"]["size"] == "160x64" and cost["pictures"]["compared"] == len(pictures.windows)
    made = onnx.load(tmp_path / "frame.onnx").graph
    own = {tensor.name for tensor in made.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    as_it_was = [node.input[1] for node in made.node if node.op_type == "Conv" and node.input[1] in own]
    # The picture's own convolution and the coarse head's, and no other of the encoder.
    assert [name for name in as_it_was if name.startswith("encoder.")] == ["encoder.conv1.weight"]
    assert any(not name.startswith("encoder.") for name in as_it_was)


def test_the_command_makes_an_eight_bit_form_and_says_what_it_costs(network, tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    save_checkpoint(network, tmp_path / "official", SIZE)
    (tmp_path / "few").mkdir()
    assert import_checkpoint.run(tmp_path / "official", tmp_path / "out", "tc-depth-int8", None, 1, tmp_path / "few") == 1
    assert "0 pictures are too few" in capsys.readouterr().err
    for i in range(8):
        image.fromarray(texture(*SIZE, 7 * i).numpy()).save(tmp_path / "few" / f"{i}.png")
    assert import_checkpoint.run(tmp_path / "official", tmp_path / "out", "tc-depth-int8", None, 1, tmp_path / "few") == 0
    card = json.loads((tmp_path / "out" / "tc-depth-int8.json").read_text())
    assert card["precision"]["pictures"] == {"source": "few", "calibration": 4, "compared": 1}
    assert card["precision"]["bytes"]["kernels"] == sum(part["bytes"] for part in card["parts"].values())
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"tc-depth-int8.{n}" for n in ("frame.onnx", "json", "window.onnx")]
