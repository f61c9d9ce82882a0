# C types of cotangents.py.
cdef set EXACT
cdef set PLAIN

cpdef fit(object g, object data)
cpdef given_cotangent(str asker, object x, object given)
cpdef unshared(object part, object g)
