"""The four source texts, 000 to 003: their programs run on our Value, and every number they print that is determined.

The texts' own classes are replaced by `micrograd.engine`, `micrograd.nn` or `micrograd.texts`, or kept on our Value.
"""
