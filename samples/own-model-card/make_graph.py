"""Writes flat-road.onnx: the depth of a flat road, for a camera 1.65 m over it that looks straight ahead.

Needs `pip install onnx`. A network of your own takes the place of this graph: see the README beside it.
"""

from pathlib import Path

from onnx import TensorProto, checker, helper, numpy_helper, save
import numpy as np

HEIGHT = 1.65  # metres


def constant(name, value, dtype):
    return numpy_helper.from_array(np.asarray(value, dtype), name)


picture = helper.make_tensor_value_info("picture", TensorProto.UINT8, ["height", "width", 3])
camera = helper.make_tensor_value_info("camera", TensorProto.FLOAT, [4])
depth = helper.make_tensor_value_info("depth", TensorProto.FLOAT, [1, 1, "height", "width"])
node = helper.make_node
graph = helper.make_graph(
    [
        # Rows of the picture as a column 0, 1, 2, …
        node("Shape", ["picture"], ["shape"]),
        node("Gather", ["shape", "first"], ["height"], axis=0),
        node("Gather", ["shape", "second"], ["width"], axis=0),
        node("Range", ["zero", "height", "one"], ["rows"]),
        node("Cast", ["rows"], ["row"], to=TensorProto.FLOAT),
        # z = fy · HEIGHT / (row − cy) below the horizon; above it the card's "max" is the answer.
        node("Gather", ["camera", "second"], ["fy"], axis=0),
        node("Gather", ["camera", "fourth"], ["cy"], axis=0),
        node("Sub", ["row", "cy"], ["below"]),
        node("Max", ["below", "least"], ["down"]),
        node("Mul", ["fy", "metres"], ["reach"]),
        node("Div", ["reach", "down"], ["z"]),
        # The same for every column.
        node("Unsqueeze", ["z", "axes"], ["column"]),
        node("Unsqueeze", ["height", "front"], ["h"]),
        node("Unsqueeze", ["width", "front"], ["w"]),
        node("Concat", ["ones", "h", "w"], ["size"], axis=0),
        node("Expand", ["column", "size"], ["depth"]),
    ],
    "flat_road",
    [picture, camera],
    [depth],
    [
        constant("first", 0, np.int64),
        constant("second", 1, np.int64),
        constant("fourth", 3, np.int64),
        constant("zero", 0, np.int64),
        constant("one", 1, np.int64),
        constant("least", 1e-3, np.float32),
        constant("metres", HEIGHT, np.float32),
        constant("axes", [0, 1, 3], np.int64),
        constant("front", [0], np.int64),
        constant("ones", [1, 1], np.int64),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
checker.check_model(model, full_check=True)
save(model, Path(__file__).with_name("flat-road.onnx"))
