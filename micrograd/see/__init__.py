"""To see what happens in a graph: gradients explained, with the user's numbers.

>>> from micrograd import Value
>>> a = Value(3.0, label="a")
>>> b = a * a
>>> b.label = "b"
>>> b.backward()
>>> print(explain(b, a))
db/da = 6
<BLANKLINE>
  How b is made from a = 3:
    b = a * a = 9
<BLANKLINE>
  a is used twice, so two parts are added:
    use                 arrived there  * its slope  = adds
    b = a * a, input 1              1          * 3     = 3
    b = a * a, input 2              1          * 3     = 3
                                                together 6
<BLANKLINE>
  a.grad is 6: the same.
"""

from micrograd.see.explanations import Explanation, explain

__all__ = ["Explanation", "explain"]
