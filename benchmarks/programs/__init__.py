"""Twelve programs that differentiation tools are compared with, as a user writes them
in NumPy.

Most are those of GradBench (https://github.com/gradbench/gradbench), which has some of
them from ADBench, Srajer, Kukelova, Fitzgibbon (2018),
doi:10.1080/10556788.2018.1435651, and from cmpad. A room has one program:
`arguments(**size)` are what to differentiate by, `written_in(np, **size)` is the
program in NumPy or in what stands in for it, and `in_torch(torch, **size)` is the same
as a user of PyTorch writes it.
"""
