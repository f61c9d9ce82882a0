"""Exporting: a trained model as a file that needs no micrograd.

`to_onnx`, `export_python` and `export_js` run the model once, and write down the ops
that it applies: see recorded.py. Each format has a line for each op of the table.
"""
