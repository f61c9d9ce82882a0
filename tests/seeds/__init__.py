"""The four source texts, 000 to 003: their programs run on our Value, and every number they print that is determined.

The texts' own `Value` classes are replaced by ours; their networks are kept where their interface is their own.
"""
