"""Trains TC-Depth Lite from data to checkpoint; resumes where RUN/last.pt stands.

python train.py --data ../shared/data --cache CACHE --run RUN [--recipe full] [--seed 7]
"""
from __future__ import annotations

import argparse
import datetime
import math
import queue
import threading
import time
from pathlib import Path

import numpy as np
import torch

from batches import Sampler
from data import KEPT_ASIDE, Source, fingerprints, load
from network import TcDepthLite
from objective import single_objective, window_objective
from pretrained import load_tcmonodepth
from recipe import POOLS, RECIPES, ROOM, Stage

SAVE_EVERY = 50
MEET_EVERY = 20


class Crew:
    """Processes that train side by side and meet every MEET_EVERY steps at the mean of their weights
    (local SGD, Stich 2019). One thread each: on a busy machine that beats threads in lock-step."""

    def __init__(self, size: int, net: TcDepthLite):
        self.size, self.barrier = size, torch.multiprocessing.get_context("fork").Barrier(size)
        self.slots = torch.zeros(size, sum(t.numel() for t in floats(net))).share_memory_()

    def meet(self, index: int, net: TcDepthLite) -> None:
        """Everyone goes on from the mean of weights and norm statistics."""
        self._exchange(index, net, lambda: self.slots.mean(0))

    def follow(self, index: int, net: TcDepthLite) -> None:
        """Everyone goes on from worker 0's weights."""
        self._exchange(index, net, lambda: self.slots[0].clone())

    def _exchange(self, index: int, net: TcDepthLite, choose) -> None:
        if self.size == 1:
            return
        self.slots[index].copy_(torch.cat([t.reshape(-1) for t in floats(net)]))
        self.barrier.wait()
        chosen, at = choose(), 0
        self.barrier.wait()
        for t in floats(net):
            t.copy_(chosen[at:at + t.numel()].view(t.shape))
            at += t.numel()


def floats(net: TcDepthLite) -> list[torch.Tensor]:
    """Weights and norm statistics, detached views of the network's own."""
    return [t for t in net.state_dict().values() if t.is_floating_point()]


NEW = ("wide", "mix.2", "settle", "fine")  # parts that start as the identity, so older checkpoints may lack them
PLAIN = ("geometry", "coarse", "spatial", "wide.whole", "wide.back")


def groups(net: TcDepthLite, rate: float) -> list[dict]:
    """Early parts without batch norm learn at a third of the rate, the last convolutions at a tenth,
    temporal attention, which starts from nothing, at two and a half times."""
    shares: dict[float, list] = {2.5: [], 1.0: [], 0.33: [], 0.1: []}
    for name, parameter in net.named_parameters():
        if not parameter.requires_grad:
            continue
        plain = name.startswith(PLAIN) or name.endswith("body.4.weight")
        shares[2.5 if name.startswith("temporal") else 0.1 if ".final." in name else 0.33 if plain else 1.0].append(parameter)
    return [{"params": p, "lr": s * rate, "peak": s * rate} for s, p in shares.items() if p]


def freeze(*parts: torch.nn.Module) -> None:
    """Keeps parts as they are, norms included, and spares their backward pass."""
    for part in parts:
        part.requires_grad_(False).eval()


def rate_at(step: int, steps: int) -> float:
    """Share of the peak rate: 40 steps of warm-up, then a cosine to 2 %."""
    return min(1.0, (step + 1) / 40) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def batches(sources: dict[str, Source], stage: Stage, seed: int, first: int, buffer: int = 3):
    """Endless batches from a background thread; what step n gets depends on the seed and n alone."""
    ready: queue.Queue = queue.Queue(buffer)
    pools = {name: [n for n in pool if n in sources] for name, pool in POOLS.items()}
    pools["street"] = [n for n in sources if n.startswith("street")] or ["none"]
    last = stage.stop or stage.steps

    def work() -> None:
        for step in range(first, last):
            rng = np.random.default_rng((seed, step))
            sizes, shares = zip(*stage.sizes)
            size = sizes[int(rng.choice(len(sizes), p=np.array(shares) / sum(shares)))]
            names = stage.elsewhere if size == ROOM and stage.elsewhere else stage.mix
            mix = [str(rng.choice(pools[n])) if n in pools else n for n in names]
            mix = [n for n in mix if n in sources]
            if size[0] * size[1] > 100_000 and len(mix) > 4:
                mix = [mix[i] for i in sorted(rng.choice(len(mix), max(4, int(0.7 * len(mix))), replace=False))]
            sampler = Sampler(sources, int(rng.integers(2 ** 31)), photometric=stage.photometric)
            ready.put(sampler.draw(mix, size, stage.views))

    threading.Thread(target=work, daemon=True).start()
    for _ in range(first, last):
        yield ready.get()


def run_stage(net: TcDepthLite, sources: dict[str, Source], stage: Stage, state: dict, run: Path,
              seed: int, log, crew: Crew, index: int) -> None:
    optimiser = torch.optim.AdamW(groups(net, stage.rate), weight_decay=1e-4, betas=(0.9, 0.98))
    if state.get("optimiser") and state["step"] > 0 and index == 0:
        optimiser.load_state_dict(state["optimiser"])
    average = state["average"]
    objective = window_objective if stage.views > 1 else single_objective
    began, sums, seen = time.time(), {}, 0
    first, last = state["step"], stage.stop or stage.steps
    for step, batch in enumerate(batches(sources, stage, seed + 1000 * state["stage"] + 100_000 * index, first), first):
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate_at(step, stage.steps)
        total, terms = objective(net, batch, dict(stage.weights))
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if not torch.isfinite(norm):
            log(f"step {step}: gradient is not finite, step left out")
        else:
            optimiser.step()
        if (step + 1) % MEET_EVERY == 0 or step + 1 == last:
            crew.meet(index, net)
        if index > 0:
            continue
        decay = min(stage.average, (state["facts"]["steps"] + 1) / (state["facts"]["steps"] + 20))
        with torch.no_grad():
            for key, value in net.state_dict().items():
                if value.is_floating_point():
                    average[key].lerp_(value, 1 - decay)
        state["facts"]["steps"] += 1
        for key, value in terms.items():
            sums.setdefault(key, []).append(value)
        seen += 1
        if (step + 1) % 25 == 0:
            means = " ".join(f"{k.replace('single/', 's.').replace('window/', 'w.')} {np.mean(v):.4f}" for k, v in sums.items())
            log(f"{stage.name} {step + 1}/{stage.steps} {(time.time() - began) / seen:.2f} s/step {means}")
            sums = {}
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == last:
            state.update(step=step + 1, network=net.state_dict(), optimiser=optimiser.state_dict())
            torch.save(state, run / "writing.pt")
            (run / "writing.pt").rename(run / "last.pt")


def train(sources: dict[str, Source], start: Path | None, run: Path, recipe: str, seed: int,
          workers: int = 1, hashes: dict[str, str] | None = None) -> Path:
    """Runs a recipe's stages from RUN/last.pt, else from `start`: TCMonoDepth-small, or a .pt of this network.
    Returns the checkpoint."""
    run.mkdir(parents=True, exist_ok=True)
    crew = Crew(workers, TcDepthLite())
    helpers = [torch.multiprocessing.get_context("fork").Process(
        target=work, args=(sources, start, run, recipe, seed, crew, i, hashes), daemon=True) for i in range(1, workers)]
    for helper in helpers:
        helper.start()
    return work(sources, start, run, recipe, seed, crew, 0, hashes)


def work(sources: dict[str, Source], start: Path | None, run: Path, recipe: str, seed: int,
         crew: Crew, index: int, hashes: dict[str, str] | None = None) -> Path:
    """One worker of the crew; number 0 keeps the log and the checkpoints."""
    torch.manual_seed(seed)
    net = TcDepthLite()
    book = (run / "log.txt").open("a")

    def log(line: str) -> None:
        if index > 0:
            return
        stamped = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M:%S} {line}"
        print(stamped, flush=True)
        book.write(stamped + "\n")
        book.flush()

    last = run / "last.pt"
    if last.exists():
        state = torch.load(last, map_location="cpu", weights_only=True)
        net.load_state_dict(state["network"])
        log(f"resumed at stage {state['stage']}, step {state['step']}")
    else:
        own = start is not None and start.suffix == ".pt"
        if own:
            before = torch.load(start, map_location="cpu", weights_only=True)
            missing, strange = net.load_state_dict(before["average"], strict=False)
            if strange or [k for k in missing if not k.startswith(NEW)]:
                raise SystemExit(f"{start} is no checkpoint of this network: {(strange or missing)[:3]} do not fit")
        elif start is not None:
            load_tcmonodepth(net, start)
        names = [n for n in sources if not n.startswith("street")]
        first = Sampler(sources, seed).draw([n for n in names for _ in range(3)], (416, 128), 1)
        if not own:
            net.measure_norms(first["views"][:, 0], first["camera"])
        frames = {name: len(s.images) for name, s in sources.items()}
        facts = {"steps": 0, "seed": seed, "recipe": recipe, "stages": [], "frames": frames, "keptAside": KEPT_ASIDE,
                 "start": start.name if start else "random", "date": f"{datetime.date.today()}"}
        if own:
            old = before.get("facts", {})
            facts["before"] = [*old.get("before", []), {k: old.get(k) for k in ("recipe", "seed", "start", "steps", "stages")}]
        state = {"stage": 0, "step": 0, "facts": facts,
                 "average": {k: v.clone() for k, v in net.state_dict().items()}}
    state["facts"]["sha256"] = hashes or {}
    freeze(net.encoder.stem, net.encoder.stages[0])
    net.to(memory_format=torch.channels_last)
    stages = RECIPES[recipe]
    for number in range(state["stage"], len(stages)):
        stage = stages[number]
        if stage.views > 1 and state["step"] == 0 and (number == 0 or stages[number - 1].views == 1):
            net.load_state_dict(state["average"])
            net.window_head.load_state_dict(net.single_head.state_dict())
            crew.follow(index, net)
            for key, value in net.window_head.state_dict().items():
                state["average"][f"window_head.{key}"].copy_(value)
        if stage.views > 1:
            freeze(net)
            net.temporal.requires_grad_(True)
            net.settle.requires_grad_(True)
            net.fine.requires_grad_(True)
            net.settle.train()
            net.fine.train()
            net.window_head.requires_grad_(True)
        run_stage(net, sources, stage, state, run, seed, log, crew, index)
        state["facts"]["stages"].append({"name": stage.name, "steps": stage.stop or stage.steps, "views": stage.views,
                                         "sizes": [f"{s[0]}x{s[1]}" for s, _ in stage.sizes]})
        state.update(stage=number + 1, step=0, network=net.state_dict(), optimiser=None)
        if index == 0:
            torch.save(state, last)
            torch.save(state, run / f"{number}-{stage.name}.pt")
    book.close()
    return last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, required=True, help="folder for the decoded footage, ~1 GB")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--start", type=Path, default=None,
                        help="a .pt of this network to go on from, such as tc-depth-lite.pt; default: TCMonoDepth-small")
    parser.add_argument("--recipe", choices=list(RECIPES), default="full")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread each")
    a = parser.parse_args()
    if a.workers > 1:
        torch.set_num_threads(1)
    start = a.start or a.data / "models/tcmonodepth_small.pt.tar"
    train(load(a.data, a.cache), start, a.run, a.recipe, a.seed, a.workers, fingerprints(a.data, a.cache))


if __name__ == "__main__":
    main()
