# C types of cotangents.py.
cdef set EXACT
cdef set PLAIN

cpdef fit(object g, object data)
cpdef unshared(object part, object g)
