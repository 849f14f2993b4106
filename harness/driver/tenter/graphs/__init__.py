"""Small valid ONNX models, drawn by a seed."""
