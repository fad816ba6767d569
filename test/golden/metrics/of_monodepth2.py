"""Accuracy as nianticlabs/monodepth2 (b676244) measures it: `evaluate_depth.py`."""

import os
import tempfile
import types

import numpy as np

from golden_arrays import HEIGHT, WIDTH, load, numbers, scene, short, write


def monodepth2(folder):
    code = load(
        folder,
        "evaluate_depth",
        {
            "layers": {"disp_to_depth": None},
            "utils": {"readlines": None},
            "options": {"MonodepthOptions": None},
            "datasets": {},
            "networks": {},
        },
    )
    random = np.random.default_rng(1)
    images, truths, disparities = [], [], []
    for i in range(3):
        truth = scene(random, 1)[0].astype(np.float64) * (1 + i)
        truth[random.random(truth.shape) < 0.5] = 0
        truth[random.random(truth.shape) < 0.02] = 95.0
        # Half the size: bilinear weights are then whole quarters and free of rounding.
        disparity = short(0.02 + random.random((HEIGHT // 2, WIDTH // 2)))
        truths.append(truth)
        disparities.append(disparity)
    found = []
    plain = code.compute_errors
    code.compute_errors = lambda gt, pred: found.append(plain(gt, pred)) or found[-1]
    with tempfile.TemporaryDirectory() as temporary:
        code.splits_dir = temporary
        os.mkdir(os.path.join(temporary, "eigen"))
        np.savez(os.path.join(temporary, "eigen", "gt_depths.npz"), data=np.stack(truths))
        np.save(os.path.join(temporary, "disps.npy"), np.stack(disparities))
        for scaled in (True, False):
            found.clear()
            code.evaluate(
                types.SimpleNamespace(
                    eval_mono=True, eval_stereo=False, ext_disp_to_eval=os.path.join(temporary, "disps.npy"),
                    eval_eigen_to_benchmark=False, save_pred_disps=False, no_eval=False, eval_split="eigen",
                    pred_depth_scale_factor=1, disable_median_scaling=not scaled,
                )
            )
            for i, errors in enumerate(found):
                images.append({"image": i, "medianScaling": scaled, "errors": numbers(errors)})
    pairs = {"truth": short(5 + 40 * random.random(200)), "predicted": short(5 + 40 * random.random(200))}
    write(
        "monodepth2.json",
        {
            "order": ["absRel", "sqRel", "rmse", "rmseLog", "d1", "d2", "d3"],
            "pairs": {name: numbers(values) for name, values in pairs.items()},
            "pairErrors": numbers(plain(pairs["truth"], pairs["predicted"])),
            "width": WIDTH,
            "height": HEIGHT,
            "truths": [numbers(truth) for truth in truths],
            "disparities": [numbers(disparity) for disparity in disparities],
            "images": images,
        },
    )
