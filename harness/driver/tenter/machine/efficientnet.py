"""The topology of EfficientNet-Lite0, which no package that a checkout has brings along: written down here from what is published.

EfficientNet is that of Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019, arXiv
1905.11946), table 1; Lite0 is the variant of the same authors for mobile processors (tensorflow/tpu, models/official/efficientnet/lite):
no squeeze-and-excitation, Relu6 in the place of swish, stem and head of fixed width, images of 224 by 224.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, CLASSES = 224, 1000
_STEM, _HEAD = 32, 1280
_EPSILON = 1e-3  # of the normalisations


@dataclass(frozen=True)
class Stage:
    """So many blocks, of which the first has the stride and the others add what they read."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80), Stage(3, 5, 1, 6, 112),
          Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320))


def lite0() -> onnx.ModelProto:
    """With weights that are all zero: whoever wants answers draws them (light_models.seeded)."""
    layers = _Layers()
    value = layers.convolved("stem", "images", _STEM, 3, stride=2)
    for at, stage in enumerate(STAGES, start=1):
        for block in range(stage.blocks):
            value = layers.block(f"stage{at}/block{block + 1}", value, stage, stage.stride if block == 0 else 1)
    value = layers.convolved("head", value, _HEAD, 1)
    layers.classified(value)
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])
    graph = helper.make_graph(layers.nodes, "efficientnet_lite0", [images], [logits], layers.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


class _Layers:
    def __init__(self) -> None:
        # As nodes, since every initializer of floating point is a weight to those who draw them.
        self.nodes = [helper.make_node("Constant", [], [name], name, value=numpy_helper.from_array(np.float32(bound)))
                      for name, bound in (("zero", 0), ("six", 6))]
        self.weights: list[TensorProto] = []
        self._sizes = {"images": (3, SIDE)}  # channels and side of each value

    def block(self, name: str, value: str, stage: Stage, stride: int) -> str:
        """An inverted residual: wider, each channel by itself, narrower again."""
        channels = self._sizes[value][0]
        made = value
        if stage.expansion > 1:
            made = self.convolved(f"{name}/expand", made, channels * stage.expansion, 1)
        made = self.convolved(f"{name}/depthwise", made, channels * stage.expansion, stage.kernel, stride, depthwise=True)
        made = self.convolved(f"{name}/project", made, stage.channels, 1, active=False)
        if stride > 1 or channels != stage.channels:
            return made
        return self._node("Add", [made, value], f"{name}/add", self._sizes[value])

    def convolved(self, name: str, value: str, channels: int, kernel: int, stride: int = 1, depthwise: bool = False, active: bool = True) -> str:
        """Convolution, normalisation, and Relu6 where `active`."""
        read, side = self._sizes[value]
        out = -(-side // stride)
        group = read if depthwise else 1
        sizes = (channels, out)
        # As many rows as the stride leaves to be filled, the odd one below and to the right.
        whole = max(0, (out - 1) * stride + kernel - side)
        pads = [whole // 2, whole // 2, whole - whole // 2, whole - whole // 2]
        weight = self._weight(f"{name}/weight", (channels, read // group, kernel, kernel))
        made = self._node("Conv", [value, weight], f"{name}/conv", sizes, kernel_shape=[kernel, kernel], strides=[stride, stride], pads=pads, group=group)
        norm = [self._weight(f"{name}/{part}", (channels,)) for part in ("scale", "shift", "mean", "variance")]
        made = self._node("BatchNormalization", [made, *norm], f"{name}/norm", sizes, epsilon=_EPSILON)
        return self._node("Clip", [made, "zero", "six"], f"{name}/relu6", sizes) if active else made

    def classified(self, value: str) -> None:
        made = self._node("GlobalAveragePool", [value], "pool", (_HEAD, 1))
        made = self._node("Flatten", [made], "flat", (_HEAD, 1))
        weights = [self._weight("logits/weight", (CLASSES, _HEAD)), self._weight("logits/bias", (CLASSES,))]
        self.nodes.append(helper.make_node("Gemm", [made, *weights], ["logits"], "logits", transB=1))

    def _node(self, op: str, inputs: list[str], name: str, sizes: tuple[int, int], **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        self._sizes[name] = sizes
        return name

    def _weight(self, name: str, shape: tuple[int, ...]) -> str:
        self.weights.append(numpy_helper.from_array(np.zeros(shape, np.float32), name))
        return name
