"""ZoeDepth N, K and NK (Bhat et al., 2023) as transformers builds them, ready to be one graph.

The network is transformers' own; the checkpoints are the folders of Intel/zoedepth-nyu, -kitti and -nyu-kitti. Of NK
transformers asks which head to run while it runs, which a graph cannot: `BothHeads` runs both over the features they
share and answers both depths and the logits they are chosen by.
"""
from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

from .checkpoint import Checkpoint, CheckpointError

DOMAINS = ("nyu", "kitti")
"""Order of the heads and their logits in NK."""


def config(variant: str, narrow: bool = False):
    """The configuration of `n`, `k` or `nk`; narrow: of the same make, small enough for a test."""
    from transformers import BeitConfig, ZoeDepthConfig

    if narrow:
        backbone = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 64}
        layers, neck, width, bins = (1, 2, 3, 4), [16, 24, 32, 32], 16, 16
    else:
        backbone = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
        layers, neck, width, bins = (6, 12, 18, 24), [256, 512, 1024, 1024], 256, 64
    heads = [{"n_bins": bins, "min_depth": 1e-3, "max_depth": 10.0}]
    extra = {}
    if variant == "nk":
        heads = [{"name": name, "n_bins": bins, "min_depth": 1e-3, "max_depth": most} for name, most in zip(DOMAINS, (10.0, 80.0))]
        extra = {"num_patch_transformer_layers": 4, "patch_transformer_hidden_size": 128,
                 "patch_transformer_intermediate_size": 64 if narrow else 1024, "patch_transformer_num_attention_heads": 4}
    return ZoeDepthConfig(
        backbone_config=BeitConfig(image_size=64 if narrow else 384, use_relative_position_bias=True, reshape_hidden_states=False,
                                   out_features=[f"stage{at}" for at in layers], **backbone),
        neck_hidden_sizes=neck, fusion_hidden_size=width, bottleneck_features=width, num_relative_features=8 if narrow else 32,
        bin_centers_type="normed" if variant == "k" else "softplus", bin_configurations=heads, **extra)


def build(variant: str, narrow: bool = False) -> nn.Module:
    """The network, weights not set. Its forward takes [1,3,H,W] in -1..1."""
    from transformers import ZoeDepthForDepthEstimation

    return ZoeDepthForDepthEstimation(config(variant, narrow)).eval()


def load(folder: Path, variant: str) -> tuple[nn.Module, Checkpoint]:
    """The network of a downloaded folder. Raises CheckpointError where it is none of this variant."""
    from transformers import ZoeDepthForDepthEstimation
    from transformers.utils import logging

    logging.disable_progress_bar()
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise CheckpointError(f"{name} is not there", f"give the folder that holds config.json and model.safetensors: {folder}")
    try:
        stated = json.loads((folder / "config.json").read_text())
    except ValueError as error:
        raise CheckpointError("config.json is not JSON", "download it again") from error
    heads = stated.get("bin_configurations") or [{}]
    is_variant = {"nk": len(heads) == 2, "k": len(heads) == 1 and stated.get("bin_centers_type") == "normed",
                  "n": len(heads) == 1 and stated.get("bin_centers_type", "softplus") == "softplus"}[variant]
    if stated.get("model_type") != "zoedepth" or not is_variant:
        raise CheckpointError(f"the folder holds no ZoeDepth {variant.upper()}", "import it under the card of its variant")
    if variant == "nk" and [head.get("name") for head in heads] != list(DOMAINS):
        raise CheckpointError("its heads are not nyu and kitti", "is it the checkpoint of another variant?")
    try:
        network, report = ZoeDepthForDepthEstimation.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True,
            dtype=torch.float32)
    except Exception as error:  # a damaged file raises many kinds
        raise CheckpointError(f"model.safetensors cannot be read ({type(error).__name__})", "download it again") from error
    if report["missing_keys"] or report.get("mismatched_keys"):
        first = sorted([*report["missing_keys"], *(str(m) for m in report.get("mismatched_keys") or ())])[0]
        raise CheckpointError(f"model.safetensors lacks {first}, or has it in another shape", "download it again")
    return network.eval(), Checkpoint(None, {})


def _attention(module: nn.Module, query, key, value, attention_mask=None, scaling=None, **_):
    """Plain attention, [1, heads, N, d] to [1, N, heads, d]. Heads are stacked, not transposed: torch 2's exporter loses
    the copy behind a transposition and then fails on the view of it."""
    scores = torch.matmul(query, key.transpose(2, 3)) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    shares = torch.softmax(scores if attention_mask is None else scores + attention_mask, -1)
    return torch.stack(torch.matmul(shares, value).unbind(1), 2), None


class BothHeads(nn.Module):
    """In the place of a metric head of several domains; its parts keep their names. Depths are [1, 1, domains, H, W]."""

    def __init__(self, head: nn.Module):
        super().__init__()
        self.names = [entry["name"] for entry in head.bin_configurations]
        self.ranges = {entry["name"]: (entry["min_depth"], entry["max_depth"]) for entry in head.bin_configurations}
        self.normed = head.bin_centers_type == "normed"
        for name, part in head.named_children():
            setattr(self, name, part)

    def forward(self, outconv_activation, bottleneck, feature_blocks, relative_depth):
        shared = self.conv2(bottleneck)
        logits = self.mlp_classifier(self.patch_transformer(shared)[:, 0, :])
        seed = self.seed_projector(shared)
        embeddings = [project(feature) for project, feature in zip(self.projectors, feature_blocks)]
        size = outconv_activation.shape[-2:]
        wide = F.interpolate(embeddings[-1], size, mode="bilinear", align_corners=True)
        depths = []
        for name in self.names:
            _, bins = self.seed_bin_regressors[name](shared)
            if self.normed:
                low, high = self.ranges[name]
                bins = (bins - low) / (high - low)
            centres, before = bins, seed
            for attract, embedding in zip(self.attractors[name], embeddings):
                bins, centres = attract(embedding, bins, before, interpolate=True)
                before = embedding
            centres = F.interpolate(centres, size, mode="bilinear", align_corners=True)
            shares = self.conditional_log_binomial[name](outconv_activation, wide)
            depths.append((shares * centres).sum(1, keepdim=True))
        # Behind it transformers squeezes axis 1.
        return torch.cat(depths, 1)[:, None], logits


class AsGraph(nn.Module):
    """What is exported: one depth [1,1,H,W], or for NK one of each domain and their logits [1, domains]."""

    def __init__(self, network: nn.Module):
        super().__init__()
        from transformers import AttentionInterface

        AttentionInterface.register("depthcast", _attention)
        for part in network.backbone.modules():
            if hasattr(part, "config"):
                part.config._attn_implementation = "depthcast"
        self.network = network
        self.several = len(network.config.bin_configurations) > 1
        if self.several and not isinstance(network.metric_head, BothHeads):
            network.metric_head = BothHeads(network.metric_head)

    def forward(self, picture: torch.Tensor):
        answer = self.network(picture)
        if not self.several:
            return answer.predicted_depth[:, None]
        depths = answer.predicted_depth
        return (*(depths[:, at:at + 1] for at in range(depths.shape[1])), answer.domain_logits)


def reference(network: nn.Module, picture: torch.Tensor) -> list[torch.Tensor]:
    """What transformers' own forward answers, each head of NK made the choice in turn. Before `AsGraph` changes it."""
    if len(network.config.bin_configurations) == 1:
        return [network(picture).predicted_depth[:, None]]
    answers, logits = [], network(picture).domain_logits
    bias = [p for p in network.metric_head.mlp_classifier.parameters() if p.dim() == 1][-1]
    kept = bias.detach().clone()
    for at in range(len(network.config.bin_configurations)):
        with torch.no_grad():
            bias.copy_(kept)
            bias[at] += 1e4
        answers.append(network(picture).predicted_depth[:, None])
    with torch.no_grad():
        bias.copy_(kept)
    return [*answers, logits]
