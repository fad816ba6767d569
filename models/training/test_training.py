"""python -m unittest test_training   (under a minute; needs no footage)

Losses on scenes whose answer is known, the network's invariances, and a smoke training
that trains, resumes, exports and measures a random network on made-up pictures.
"""
from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import torch

from batches import Sampler, make_crop
from data import Source, fingerprints, scaled_camera
from evaluate import Graphs, self_reprojection
from export import export
from graphs import FrameGraph, fold_residuals, prepared
from losses import (consistency_loss, fused_log_depth, gradient_loss, log_depth_loss, photometric_error,
                    photometric_loss, relative_loss, smoothness_loss)
from motion import chain, road_height, step
from multiview import agree, sweep
from network import F_CANONICAL, TcDepthLite, to_metres
from train import train

CAMERA = torch.tensor([[100.0, 100.0, 47.5, 31.5]])


def plane_picture(depth: float, shift: float, width: int = 96, height: int = 64) -> torch.Tensor:
    """A wall at `depth` metres seen by CAMERA after moving `shift` metres to the right, [1,3,H,W]."""
    v, u = torch.meshgrid(torch.arange(height) * 1.0, torch.arange(width) * 1.0, indexing="ij")
    x, y = (u - 47.5) / 100 * depth + shift, (v - 31.5) / 100 * depth
    pattern = 0.5 + 0.2 * torch.sin(2.1 * x) + 0.2 * torch.cos(2.9 * y + 0.7 * x)
    return pattern.expand(1, 3, -1, -1).contiguous()


def sideways(metres: float) -> torch.Tensor:
    """Target-camera points -> points of a camera that stands `metres` further right."""
    move = torch.eye(4)[None].clone()
    move[0, 0, 3] = -metres
    return move


def made_up_sources(seed: int = 0) -> dict[str, Source]:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (10, 128, 416, 3), dtype=np.uint8)
    camera = np.array([241, 241, 207.5, 63.5], np.float32)
    poses = np.tile(np.eye(4), (10, 1, 1))
    poses[:, 2, 3] = np.arange(10)
    labels = rng.uniform(0.02, 0.2, (10, 64, 208)).astype(np.float16)
    depth = rng.uniform(3, 40, (10, 128, 416)).astype(np.float16)
    return {"posed": Source("posed", images, camera, poses, metric=labels, video=True),
            "measured": Source("measured", images, camera, depth=depth, relative=labels, dense=True)}


class Losses(unittest.TestCase):
    def test_photometric_loss_is_least_at_the_true_depth(self):
        target, other, move = plane_picture(10, 0), plane_picture(10, 0.8), sideways(0.8)
        loss = {d: float(photometric_loss(target, [other], torch.full((1, 1, 64, 96), d), CAMERA, [move]))
                for d in (7.0, 10.0, 14.0)}
        self.assertLess(loss[10.0], 0.01)
        self.assertLess(loss[10.0], 0.3 * min(loss[7.0], loss[14.0]))

    def test_photometric_loss_leaves_out_what_does_not_move(self):
        still = plane_picture(10, 0)
        loss = photometric_loss(still, [still.clone()], torch.full((1, 1, 64, 96), 10.0), CAMERA, [sideways(0.8)])
        self.assertEqual(float(loss), 0.0)

    def test_photometric_error_of_equal_pictures_is_zero(self):
        picture = plane_picture(5, 0)
        self.assertLess(float(photometric_error(picture, picture).abs().max()), 1e-6)

    def test_consistency_is_zero_for_a_wall_approached_by_a_metre_and_known_for_a_wrong_answer(self):
        forward = torch.eye(4)[None].clone()
        forward[0, 2, 3] = -1.0
        ten, nine = torch.full((1, 1, 64, 96), 10.0), torch.full((1, 1, 64, 96), 9.0)
        self.assertLess(float(consistency_loss(ten, nine, CAMERA, forward)), 1e-6)
        wrong = float(consistency_loss(ten, ten, CAMERA, forward))
        self.assertAlmostEqual(wrong, 2 * 1.0 / 19.0, places=5)

    def test_consistency_leaves_out_occluded_pixels(self):
        forward = torch.eye(4)[None].clone()
        ten, seen = torch.full((1, 1, 64, 96), 10.0), torch.full((1, 1, 64, 96), 10.0)
        seen[..., 40:] = 3.0
        self.assertLess(float(consistency_loss(ten, seen, CAMERA, forward)), 1e-2)

    def test_fused_depth_is_the_mean_of_what_frames_say_and_leaves_out_what_contradicts(self):
        forward = torch.eye(4)[None].clone()
        forward[0, 2, 3] = -1.0
        ten, near, wrong = (torch.full((1, 1, 64, 96), d) for d in (10.0, 9.9, 20.0))
        fused = fused_log_depth(ten, [near], CAMERA, [forward])[0, 0, 32, 48]
        self.assertAlmostEqual(float(fused), math.log(10) + 0.5 * math.log(9.9 / 9), places=5)
        self.assertAlmostEqual(float(fused_log_depth(ten, [wrong], CAMERA, [forward]).mean()), math.log(10), places=5)

    def test_log_depth_loss_of_ten_percent_is_its_logarithm(self):
        truth = torch.full((2, 1, 64, 96), 20.0)
        self.assertAlmostEqual(float(log_depth_loss(truth * 1.1, truth)), math.log(1.1), places=5)
        self.assertEqual(float(log_depth_loss(truth, torch.zeros_like(truth))), 0.0)

    def test_log_depth_loss_without_scale_forgives_a_factor_but_not_a_shape(self):
        truth = torch.linspace(2, 30, 64 * 96).view(1, 1, 64, 96)
        free = torch.tensor([False])
        self.assertLess(float(log_depth_loss(truth * 5, truth, free)), 1e-5)
        self.assertGreater(float(log_depth_loss(truth ** 2, truth, free)), 0.1)

    def test_relative_loss_ignores_scale_and_shift(self):
        teacher = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(1))
        self.assertLess(float(relative_loss(3.0 * teacher + 0.7, teacher)), 1e-5)
        self.assertGreater(float(relative_loss(teacher.flip(-1), teacher)), 0.1)

    def test_gradient_loss_sees_edges_and_no_offsets(self):
        step = torch.zeros(1, 1, 64, 96)
        step[..., 48:] = 1.0
        self.assertEqual(float(gradient_loss(step + 2, step)), 0.0)
        self.assertAlmostEqual(float(gradient_loss(step, torch.zeros_like(step))), (1 / 95 + 1 / 47 + 1 / 23) / 3, places=5)

    def test_smoothness_is_zero_on_a_flat_map_and_small_across_picture_edges(self):
        picture, step = torch.zeros(1, 3, 64, 96), torch.ones(1, 1, 64, 96)
        self.assertEqual(float(smoothness_loss(step, picture)), 0.0)
        step[..., 48:] = 2.0
        plain = float(smoothness_loss(step, picture))
        picture[..., 48:] = 1.0
        self.assertLess(float(smoothness_loss(step, picture)), 0.01 * plain)

    def test_self_reprojection_of_a_wall_is_zero_when_right_and_a_tenth_when_it_stands_still(self):
        poses = np.tile(np.eye(4), (2, 1, 1))
        poses[1, 2, 3] = 1.0
        camera = CAMERA[0].numpy()
        right = np.stack([np.full((64, 96), 11.0), np.full((64, 96), 10.0)]).astype(np.float32)
        self.assertEqual(self_reprojection(right, poses, camera)["mean"], 0.0)
        self.assertAlmostEqual(self_reprojection(right * 0 + 10, poses, camera)["mean"], 0.1, places=5)


class MultiView(unittest.TestCase):
    """A fronto-parallel wall ten metres away, the camera half a metre further right in every picture."""

    def setUp(self):
        noise = np.random.default_rng(2).uniform(0, 255, (64, 260)).astype(np.float32)
        wall = cv2.GaussianBlur(noise, (0, 0), 1.2) * 2
        self.grey = [np.ascontiguousarray(wall[:, 20 + 5 * i:180 + 5 * i]) for i in range(9)]
        self.poses = np.tile(np.eye(4), (9, 1, 1))
        self.poses[:, 0, 3] = 0.5 * np.arange(9)
        self.camera = np.array([100, 100, 79.5, 31.5], np.float32)

    def test_the_sweep_finds_the_wall_from_a_prior_that_is_a_fifth_off(self):
        found = sweep(self.grey, self.poses, self.camera, 4, np.full((64, 160), 12.0, np.float32))
        self.assertGreater(float((found > 0).mean()), 0.7)
        self.assertLess(abs(float(np.median(found[found > 0])) - 10), 0.2)

    def test_the_sweep_says_nothing_of_a_blank_wall(self):
        found = sweep([np.full_like(g, 90) for g in self.grey], self.poses, self.camera, 4, np.full((64, 160), 12.0, np.float32))
        self.assertEqual(float(found.max()), 0.0)

    def test_depth_that_no_neighbour_confirms_goes(self):
        depths = np.full((9, 64, 160), 10.0, np.float32)
        depths[4, 20:40, 60:100] = 5.0
        kept = agree(depths, self.poses, self.camera, 4)
        self.assertEqual(float(kept[25:35, 70:90].max()), 0.0)
        self.assertAlmostEqual(float(kept[10, 80]), 10.0)

    def test_a_step_through_a_made_up_scene_has_its_direction_and_length(self):
        rng = np.random.default_rng(4)
        near, far = np.zeros((192, 320), np.uint8), np.zeros((192, 320), np.uint8)
        depth = np.full((192, 320), 20.0, np.float32)
        for _ in range(500):
            z, x, y, shade = rng.uniform(5, 30), rng.uniform(-1, 1), rng.uniform(-0.6, 0.6), int(rng.integers(60, 255))
            for picture, ahead in ((near, 0.0), (far, 1.0)):
                u, v = x * z / (z - ahead) * 160 + 159.5, y * z / (z - ahead) * 160 + 95.5
                cv2.circle(picture, (round(u * 16), round(v * 16)), 32, shade, -1, cv2.LINE_AA, 4)
            u, v = int(x * 160 + 159.5), int(y * 160 + 95.5)
            depth[max(v - 4, 0):v + 5, max(u - 4, 0):u + 5] = z
        move, length = step(near, far, depth, np.array([160, 160, 159.5, 95.5], np.float32))
        self.assertLess(float(move[2, 3]), -0.99)
        self.assertAlmostEqual(length, 1.0, delta=0.15)
        self.assertAlmostEqual(float(chain([move], np.array([length]))[1][2, 3]), length, delta=0.02)

    def test_the_height_above_a_flat_road_is_found(self):
        v = np.mgrid[0:64, 0:160][0].astype(np.float64)
        depth = np.where(v > 33, 1.65 * 100 / np.maximum(v - 31.5, 0.1), 0).astype(np.float32)
        self.assertAlmostEqual(road_height(depth, self.camera), 1.65, places=3)


class Hashes(unittest.TestCase):
    def test_a_fingerprint_changes_with_a_file_and_leaves_out_what_is_kept_aside(self):
        with tempfile.TemporaryDirectory() as folder:
            shots = Path(folder) / "kitti_stereo2015/image_2"
            shots.mkdir(parents=True)
            for i in range(14):
                (shots / f"{i:02}.jpg").write_bytes(bytes([i]))
            first = fingerprints(Path(folder))["stereo2015"]
            (shots / "13.jpg").write_bytes(b"kept aside")
            self.assertEqual(fingerprints(Path(folder))["stereo2015"], first)
            (shots / "01.jpg").write_bytes(b"trained on")
            self.assertNotEqual(fingerprints(Path(folder))["stereo2015"], first)


class Network(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        self.net = TcDepthLite().eval()
        torch.nn.init.normal_(self.net.temporal.fuse.weight, 0, 0.05)
        torch.nn.init.normal_(self.net.wide.back.weight, 0, 0.05)
        self.camera = torch.tensor([[185.0, 185.0, 159.5, 47.5]])
        with torch.no_grad():
            self.frames = [self.net.frame(torch.rand(1, 3, 96, 320), self.camera) for _ in range(3)]

    def test_the_order_of_context_frames_does_not_matter_but_the_frames_do(self):
        a, b, c = self.frames
        with torch.no_grad():
            one, two = self.net.window(a, [b, c]), self.net.window(a, [c, b])
            x, seen = torch.randn(1, 192, 6, 20), torch.randn(3, 1, 192, 6, 20)
            said = [self.net.temporal.project(s) for s in seen]
            mixed, swapped, other = (self.net.temporal(x, said[0][0], c) for c in (said[:2], said[1::-1], said[1:]))
        self.assertLess(float((one - two).abs().max()), 1e-6)
        self.assertLess(float((mixed - swapped).abs().max()), 1e-4)
        self.assertGreater(float((mixed - other).abs().max()), 1e-2)

    def test_metres_grow_with_the_focal_length_and_stay_in_range(self):
        inverse = torch.tensor([[[[0.1]]]])
        for focal in (F_CANONICAL, 2 * F_CANONICAL):
            metres = float(to_metres(inverse, torch.tensor([[focal, focal, 0.0, 0.0]])))
            self.assertAlmostEqual(metres, 10 * focal / F_CANONICAL, places=4)
        self.assertEqual(float(to_metres(inverse * 1e-4, self.camera)), 100.0)

    def test_folding_the_norms_changes_nothing(self):
        rgb = torch.rand(1, 3, 96, 320)
        self.net.train()
        with torch.no_grad():
            for _ in range(3):
                self.net.single(self.net.frame(rgb, self.camera))
            self.net.eval()
            before = self.net.single(self.net.frame(rgb, self.camera))
            after = self.net.fold().single(self.net.frame(rgb, self.camera))
        self.assertLess(float(((before - after) / before).abs().max()), 1e-4)

    def test_the_exported_form_answers_what_the_network_does(self):
        frame = torch.randint(0, 256, (96, 320, 3), dtype=torch.uint8)
        rgb = frame.float().permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            expected = self.net.frame(rgb, self.camera)
            found = FrameGraph(prepared(self.net))(frame, self.camera[0])
        for name, feature in zip(("s2", "s4", "s8", "x", "key", "value"), found):
            off = float((feature - expected[name]).abs().max() / expected[name].abs().max())
            self.assertLess(off, 1e-5, name)

    def test_it_is_small(self):
        self.assertLessEqual(sum(p.numel() for p in self.net.parameters()), 2_500_000)


class Graph(unittest.TestCase):
    def attention_end(self, first: str, second: str) -> onnx.ModelProto:
        """first and second joined, a 1x1 convolution of both, x added: as both attentions end."""
        rng, value = np.random.default_rng(6), onnx.helper.make_tensor_value_info
        sizes = {"x": 4, "y": 3}
        nodes = [onnx.helper.make_node("Concat", [first, second], ["both"], axis=1),
                 onnx.helper.make_node("Conv", ["both", "w"], ["mixed"]), onnx.helper.make_node("Add", ["x", "mixed"], ["sum"]),
                 onnx.helper.make_node("Relu", ["sum"], ["out"])]
        weight = onnx.numpy_helper.from_array(rng.normal(size=(4, sum(sizes[n] for n in (first, second)), 1, 1)).astype("f4"), "w")
        shape = {n: value(n, onnx.TensorProto.FLOAT, [1, c, 5, 6]) for n, c in (*sizes.items(), ("out", 4))}
        graph = onnx.helper.make_graph(nodes, "end", [shape["x"], shape["y"]], [shape["out"]], [weight])
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)

    def test_a_residual_goes_into_the_convolution_before_it_and_the_answer_stays(self):
        rng = np.random.default_rng(7)
        feeds = {"x": rng.normal(size=(1, 4, 5, 6)).astype("f4"), "y": rng.normal(size=(1, 3, 5, 6)).astype("f4")}
        run = lambda m: ort.InferenceSession(m.SerializeToString()).run(None, feeds)[0]  # noqa: E731
        for order in (("x", "y"), ("y", "x")):
            model = self.attention_end(*order)
            expected = run(model)
            self.assertEqual(fold_residuals(model), 1)
            self.assertNotIn("Add", [node.op_type for node in model.graph.node])
            self.assertLess(float(np.abs(run(model) - expected).max()), 1e-5)

    def test_a_sum_with_something_else_stays(self):
        model = self.attention_end("y", "y")
        self.assertEqual(fold_residuals(model), 0)
        self.assertIn("Add", [node.op_type for node in model.graph.node])


class Samples(unittest.TestCase):
    def test_a_crop_moves_the_camera_as_it_moves_the_pixels(self):
        source = made_up_sources()["posed"]
        for seed in range(8):
            crop = make_crop(np.random.default_rng(seed), source, (320, 96), 1.5)
            fx, _, cx, _ = crop.camera(source.camera, (320, 96))
            ray = 0.21
            u = source.camera[0] * ray + source.camera[2]
            moved = (u - crop.x + 0.5) * 320 / crop.width - 0.5
            moved = 319 - moved if crop.mirror else moved
            self.assertAlmostEqual(moved, fx * (-ray if crop.mirror else ray) + cx, places=2)

    def test_a_resized_camera_sees_the_same_rays(self):
        fx, _, cx, _ = scaled_camera(700, 700, 600, 180, (1242, 375), (640, 192))
        u = 700 * 0.3 + 600
        self.assertAlmostEqual((u + 0.5) * 640 / 1242 - 0.5, fx * 0.3 + cx, places=2)

    def test_batches_repeat_with_their_seed(self):
        draw = lambda: Sampler(made_up_sources(), 5).draw(["posed", "measured"], (128, 64), 4)  # noqa: E731
        one, two = draw(), draw()
        self.assertTrue(all(torch.equal(one[k], two[k]) for k in one))
        self.assertEqual(tuple(one["views"].shape), (2, 4, 3, 64, 128))


class Smoke(unittest.TestCase):
    def test_it_trains_resumes_exports_and_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            last = train(made_up_sources(), None, run, "smoke", 1)
            steps = torch.load(last, weights_only=True)["facts"]["steps"]
            self.assertEqual(steps, 8)
            train(made_up_sources(), None, run, "smoke", 1)
            self.assertEqual(torch.load(last, weights_only=True)["facts"]["steps"], steps)
            card = export(last, Path(folder), Path(folder) / "weights")
            self.assertLess(card["onnxAgainstPytorch"], 1e-3)
            graphs = Graphs(Path(folder) / "weights")
            images = np.zeros((3, 96, 320, 3), np.uint8)
            for head in ("window", "causal", "single"):
                depth = graphs.sequence(images, np.array([185, 185, 159.5, 47.5], np.float32), head)
                self.assertEqual(depth.shape, (3, 96, 320))
                self.assertTrue(np.isfinite(depth).all() and depth.min() >= 0.1 and depth.max() <= 100)


if __name__ == "__main__":
    unittest.main()
