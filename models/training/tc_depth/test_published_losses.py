"""`pytest models/training/tc_depth/test_published_losses.py`: every loss on a scene whose answer is known.

The scene is a textured wall 10 m away, parallel to a camera that moves 1 m sideways: every pixel
moves by fx / 10 = 8 pixels, a whole number, so that nothing is lost to interpolation.
"""
from __future__ import annotations

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tc_depth import published_losses as L  # noqa: E402

H, W, SHIFT, WALL = 48, 160, 8, 10.0
CAMERA = torch.tensor([[80.0, 80.0, (W - 1) / 2, (H - 1) / 2]])
INSIDE = slice(2 * SHIFT, W - 2 * SHIFT)


def wall(shift: int) -> torch.Tensor:
    """The picture of the wall from `shift` pixels to the side."""
    torch.manual_seed(3)
    broad = torch.rand(1, 3, H // 4, W // 4 + 16)
    texture = torch.nn.functional.interpolate(broad, scale_factor=4.0, mode="bilinear")
    return texture[..., 32 + shift : 32 + shift + W].clone()


def sideways(metres: float) -> torch.Tensor:
    """Moves points into the camera that stands `metres` to the right."""
    move = torch.eye(4)[None]
    move[0, 0, 3] = -metres
    return move


TARGET, RIGHT, LEFT = wall(0), wall(SHIFT), wall(-SHIFT)
MOVES = [sideways(1.0), sideways(-1.0)]
FLAT = torch.full((1, 1, H, W), WALL)


def test_pictures_that_are_equal_have_no_error_and_the_error_of_black_and_white_is_known():
    assert float(L.picture_error(TARGET, TARGET).abs().max()) < 1e-6
    black, white = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    # Means 0 and 1, no variance: SSIM = c1 / (1 + c1).
    ssim = 1e-4 / (1 + 1e-4)
    assert torch.allclose(L.picture_error(black, white), torch.tensor(0.85 * (1 - ssim) / 2 + 0.15), atol=1e-5)


def test_photometric_is_nothing_at_the_true_depth_and_grows_away_from_it():
    true, mask = L.photometric(TARGET, [RIGHT, LEFT], FLAT, CAMERA, MOVES)
    assert float(true) < 1e-3 and float(mask[..., INSIDE].mean()) > 0.95
    for wrong in (0.8, 1.25):
        assert float(L.photometric(TARGET, [RIGHT, LEFT], FLAT * wrong, CAMERA, MOVES)[0]) > 20 * float(true) + 0.02


def test_photometric_takes_the_neighbour_that_sees_the_pixel():
    hidden = RIGHT.clone()
    hidden[..., 60:100] = 0.5  # stands in front of what the target sees at 68..108
    loss, both = L.photometric(TARGET, [hidden, LEFT], FLAT, CAMERA, MOVES)
    _, alone = L.photometric(TARGET, [hidden], FLAT, CAMERA, MOVES[:1])
    behind = slice(72, 104)
    assert float(alone[..., behind].mean()) < 0.1 < 0.9 < float(both[..., behind].mean())
    assert float(loss) < 0.01


def test_automask_leaves_out_what_looks_the_same_without_motion():
    loss, mask = L.photometric(TARGET, [TARGET.clone(), TARGET.clone()], FLAT, CAMERA, MOVES)
    assert float(mask.sum()) == 0 and float(loss) == 0


def test_photometric_pulls_depth_towards_the_truth():
    depth = (FLAT * 1.04).requires_grad_()
    L.photometric(TARGET, [RIGHT, LEFT], depth, CAMERA, MOVES)[0].backward()
    assert float((depth.grad[..., INSIDE] > 0).float().mean()) > 0.6  # too far: less depth, less loss


def test_motion_counts_only_where_student_and_teacher_part():
    student = FLAT.clone()
    student[..., : W // 2] = 25.0  # 2.5 times as far: moving
    student[..., W // 2 :] = 15.0  # 1.5 times: within the limit
    mask = L.motion_mask(student, FLAT)
    assert float(mask[..., : W // 2].sum()) == 0 and float(mask[..., W // 2 :].mean()) == 1
    assert float(L.motion(student, FLAT)) == pytest.approx(0.5 * abs(1 / 25 - 1 / 10))
    assert float(L.motion(FLAT, FLAT)) == 0
    near = L.motion_mask(FLAT / 1.61, FLAT), L.motion_mask(FLAT / 1.59, FLAT)
    assert float(near[0].sum()) == 0 and float(near[1].mean()) == 1


def test_geometric_is_nothing_for_depths_that_agree_and_known_for_those_that_do_not():
    everywhere = torch.ones_like(FLAT)
    assert float(L.geometric(TARGET, FLAT, [FLAT, FLAT], CAMERA, MOVES, everywhere)) < 1e-6
    off = float(L.geometric(TARGET, FLAT, [FLAT * 1.25, FLAT], CAMERA, MOVES, everywhere))
    # One neighbour is off by 1 - 1 / 1.25 on the share that its cycle mask keeps.
    kept = float(L.cycle_mask(TARGET, FLAT * 1.25, FLAT, CAMERA, MOVES[0]).mean())
    assert off == pytest.approx(0.2 * kept / 2, rel=1e-4)
    assert float(L.geometric(TARGET, FLAT, [FLAT * 1.25, FLAT], CAMERA, MOVES, 0 * everywhere)) == 0


def test_geometric_knows_that_depth_changes_with_motion_ahead():
    ahead = torch.eye(4)[None]
    ahead[0, 2, 3] = -2.0  # two metres nearer to the wall
    everywhere = torch.ones_like(FLAT)
    assert float(L.geometric(TARGET, FLAT, [FLAT - 2], CAMERA, [ahead], everywhere)) < 1e-6
    unmoved = float(L.geometric(TARGET, FLAT, [FLAT], CAMERA, [ahead], everywhere))
    assert unmoved == pytest.approx(0.2 * float(L.cycle_mask(TARGET, FLAT, FLAT, CAMERA, ahead).mean()), rel=1e-4)


def test_cycle_mask_keeps_seven_tenths_and_drops_what_does_not_come_home():
    other = FLAT.clone()
    other[..., 60:90] = 4.0  # the neighbour takes a part of the wall for something near
    mask = L.cycle_mask(TARGET, other, FLAT, CAMERA, MOVES[0])
    assert float(mask.mean()) == pytest.approx(0.7, abs=0.02)
    spoilt, sound = mask[..., 70:96].mean(), mask[..., 110:140].mean()
    assert float(spoilt) < 0.35 < 0.8 < float(sound)


def test_reference_is_the_distance_of_disparities_and_teaches_the_coarse_head_alone():
    coarse = torch.full((1, 1, H // 8, W // 8), 0.25, requires_grad=True)
    depth = FLAT.clone().requires_grad_()
    loss = L.reference(coarse, depth)
    assert float(loss.detach()) == pytest.approx(0.15, abs=1e-6)
    loss.backward()
    assert depth.grad is None and float(coarse.grad.abs().sum()) > 0


def test_smoothness_lets_depth_bend_at_edges_of_the_picture_only():
    assert float(L.smoothness(FLAT, TARGET)) == 0
    step = FLAT.clone()
    step[..., W // 2 :] = 20.0
    plain, edge = torch.zeros(1, 3, H, W), torch.zeros(1, 3, H, W)
    edge[..., W // 2 :] = 1.0
    mean = (0.1 + 0.05) / 2
    assert float(L.smoothness(step, plain)) == pytest.approx(0.05 / mean / (W - 1), rel=1e-4)
    assert float(L.smoothness(step, edge)) == pytest.approx(0.05 / mean / (W - 1) * 2.718281828 ** -1, rel=1e-4)


def test_each_loss_can_be_switched_off_and_the_training_command_writes_a_checkpoint(tmp_path, monkeypatch):
    import data as footage
    from tc_depth import train
    from tc_depth.checkpoint import load_checkpoint

    pictures = torch.cat([wall(SHIFT * (i % 3 - 1)) for i in range(4)]).permute(0, 2, 3, 1)
    poses = torch.eye(4).repeat(4, 1, 1)
    poses[:, 0, 3] = torch.tensor([i % 3 - 1.0 for i in range(4)])
    source = footage.Source("walls", (pictures * 255).byte().numpy(), CAMERA[0].numpy(), poses.double().numpy(), video=True)
    monkeypatch.setattr(footage, "load", lambda *_: {"walls": source})
    common = ["--cache", "none", "--size", f"{W}x{H}", "--width", "0.0625", "--steps", "2", "--threads", "1"]
    for off in [None, *train.WEIGHTS]:
        out = tmp_path / str(off)
        asked = [*common, "--out", str(out), *([f"--{off}", "0"] if off else [])]
        last = train.train(train.parser().parse_args(asked))
        expected = set(train.WEIGHTS) - {off, "motion"}  # no teacher, so nothing for motion to follow
        assert set(last) == expected
        assert all(value == value and value >= 0 for value in last.values())
    assert load_checkpoint(tmp_path / "None").size == (H, W)
    assert len((tmp_path / "None" / "log.jsonl").read_text().splitlines()) == 2


def test_mirroring_a_window_mirrors_its_camera_and_its_motion():
    from tc_depth.train import flipped

    camera = torch.tensor([[80.0, 80.0, 70.0, 20.0]])
    pictures, mirrored, moves = flipped(torch.cat([TARGET, RIGHT, LEFT]), camera, MOVES)
    assert mirrored[0].tolist() == [80.0, 80.0, W - 1 - 70.0, 20.0]
    loss, _ = L.photometric(pictures[:1], [pictures[1:2], pictures[2:]], FLAT, mirrored, moves)
    straight, _ = L.photometric(TARGET, [RIGHT, LEFT], FLAT, camera, MOVES)
    assert float(loss) == pytest.approx(float(straight), abs=1e-4)
