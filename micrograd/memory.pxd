# The functions of memory.py in C: see there.
cdef extern from "micrograd/memory.h":
    void adopt "micrograd_adopt"(type kind) noexcept
    void shorten "micrograd_shorten"(type kind) noexcept
    void clear "micrograd_clear"(object node) noexcept
    bint is_watched "micrograd_is_watched"(object x) noexcept
    void watch "micrograd_watch"(object node) noexcept
    void fetch_below "micrograd_fetch_below"(object node) noexcept
    void fetch_next "micrograd_fetch_next"(list nodes) noexcept
    bint is_set "micrograd_is_set"(object variable) except -1
    bint is_atomic "micrograd_is_atomic"() noexcept
