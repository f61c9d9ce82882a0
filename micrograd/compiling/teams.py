"""Teams: threads that share the loop of a line, each some of its outputs.

Sums are never split, so the numbers are those of one thread. The threads are made once
for a process, wait for the next loop, and end with it; a child that was forked makes
its own. The caller works, too: where the others do not come, it does all of the work.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from micrograd.compiling import objects
from micrograd.compiling.lines import Line
from micrograd.compiling.nests import Nest
from micrograd.compiling.products import Product
from micrograd.compiling.terms import Part, Term, expanded, in_order
from micrograd.errors import CaptureError

MOST = 256  # threads
# What a line takes at least, in additions or products, before others are asked to help:
# waking one takes some 20 us.
FEWEST = 2**19
CALL = 16  # additions that a call of tanh takes as long as
PER_POINT = 4  # additions that it takes to read and write a number
PARTS = 8  # of an axis at least, where another axis has more
BLOCK = 1024  # numbers of a part along the innermost axis: vectors of any width go through them evenly
# Rows of a product that one thread takes: a multiple of this, and so much work that
# OpenBLAS adds up in the order of the whole product.
ROWS, LEAST = 48, 2**21
TYPE = """\
typedef struct team { void (*share)(struct team *, void (*)(void **, int, int), void **, int, int, int); } team;
"""
SOURCE = """\
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef void (*part)(void **, int, int);
typedef struct team {
    void (*share)(struct team *, part, void **, int, int, int);
    int threads;
    int (*blas)(void);      /* how many threads BLAS has; 0 where nobody can say */
    void (*set_blas)(int);
} team;
typedef struct { part run; void **p; int size; int step; long long next; } job;

enum { SPINS = 4000, PIECES = 4, STACK = 1 << 23 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t posted = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static job *current;        /* what the threads may help with */
static unsigned number;     /* of jobs so far */
static int wanted, working, there, is_taken;
static int users, before;   /* lines that hold BLAS to one thread; what it had before */

static void take(job *mine)
{
    for (;;) {
        long long from = __atomic_fetch_add(&mine->next, mine->step, __ATOMIC_RELAXED);
        if (from >= mine->size) return;
        long long to = from + mine->step;
        mine->run(mine->p, (int)from, to < mine->size ? (int)to : mine->size);
    }
}

static void *work(void *order)
{
    unsigned seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && __atomic_load_n(&number, __ATOMIC_ACQUIRE) == seen; i++) PAUSE;
        pthread_mutex_lock(&lock);
        while (number == seen) pthread_cond_wait(&posted, &lock);
        seen = number;
        job *mine = (int)(size_t)order < wanted ? current : 0;
        working += mine != 0;
        pthread_mutex_unlock(&lock);
        if (!mine) continue;
        take(mine);
        pthread_mutex_lock(&lock);
        if (--working == 0) pthread_cond_signal(&done);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

/* A fork waits for the lock: while BLAS is told how many threads to use, it holds a lock
   of its own, which would stay locked in the child. */
static void hold(void) { pthread_mutex_lock(&lock); }
static void release(void) { pthread_mutex_unlock(&lock); }

static void forget(void)
{
    pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t nobody = PTHREAD_COND_INITIALIZER;
    lock = unlocked;
    posted = done = nobody;
    current = 0;
    wanted = working = there = is_taken = 0;
    if (!users) before = 0;
    users = 0;
}

static void begin(int threads)
{
    pthread_attr_t kind;
    sigset_t all, old;
    if (there >= threads || pthread_attr_init(&kind)) return;
    pthread_attr_setdetachstate(&kind, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&kind, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (pthread_t each; there < threads; there++)
        if (pthread_create(&each, &kind, work, (void *)(size_t)there)) break;
    pthread_sigmask(SIG_SETMASK, &old, 0);
    pthread_attr_destroy(&kind);
}

static void shared(team *all, part run, void **p, int size, int unit, int is_product)
{
    long long units = (size + (long long)unit - 1) / unit, pieces = (long long)PIECES * all->threads;
    if (is_product) pieces = all->threads; /* each copies the other matrix */
    if (pieces > units) pieces = units;
    job mine = {run, p, size, (int)((units + pieces - 1) / pieces * unit), 0};
    if (pieces < 2 || all->threads < 2 || __atomic_exchange_n(&is_taken, 1, __ATOMIC_ACQUIRE)) {
        run(p, 0, size);
        return;
    }
    pthread_mutex_lock(&lock);
    begin(all->threads - 1);
    current = &mine;
    wanted = all->threads - 1;
    __atomic_fetch_add(&number, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&posted);
    pthread_mutex_unlock(&lock);
    take(&mine);
    for (int i = 0; i < SPINS && __atomic_load_n(&working, __ATOMIC_ACQUIRE); i++) PAUSE;
    pthread_mutex_lock(&lock);
    current = 0;
    while (working) pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
    __atomic_store_n(&is_taken, 0, __ATOMIC_RELEASE);
}

static void share(team *all, part run, void **p, int size, int unit, int is_product)
{
    if (!is_product) {
        shared(all, run, p, size, unit, is_product);
        return;
    }
    if (!all->blas) {
        run(p, 0, size);
        return;
    }
    pthread_mutex_lock(&lock);
    if (!users++) {
        if (!before) before = all->blas();
        all->set_blas(1);
    }
    pthread_mutex_unlock(&lock);
    shared(all, run, p, size, unit, is_product);
    pthread_mutex_lock(&lock);
    if (!--users) {
        all->set_blas(before);
        before = 0;
    }
    pthread_mutex_unlock(&lock);
}

EXPORTED team *micrograd_team(int threads, int (*blas)(void), void (*set_blas)(int))
{
    static int is_known;
    if (!is_known) is_known = !pthread_atfork(hold, release, forget);
    team *made = is_known ? malloc(sizeof *made) : 0;
    if (made) *made = (team){share, threads, blas, set_blas};
    return made;
}
"""
PAUSE = """\
#if defined(__x86_64__) || defined(__i386__)
#define PAUSE __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE __asm__ volatile("yield")
#else
#define PAUSE ((void)0)
#endif
"""


class Share(NamedTuple):
    """How the work of a line is shared.

    Attributes:
        nest: its loops.
        axis: along which each thread takes a part.
        size: of the axis.
        unit: a part is a multiple of this long.
        is_product: whether BLAS computes it, on one thread each.
    """

    nest: Nest
    axis: int
    size: int
    unit: int
    is_product: bool


def call(share: Share | None, name: str, team: str) -> str:
    """The statements in C that share the function of a part among a team; a product of
    BLAS that is not shared is one part.
    """
    size, unit, is_product = share[2:] if share else (1, 1, True)
    return f"team *all = {team};\nall->share(all, {name}, p, {size}, {unit}, {is_product:d});\n"


def share_of(line: Line, nest: Nest) -> Share | None:
    """How threads share a line that BLAS does not compute; None where one thread is
    faster.
    """
    if work_of(line) < FEWEST or not _is_safe(line):
        return None
    units = dict.fromkeys(nest.outer, 1)
    if nest.tile:
        units[nest.tile[0]] = nest.tile[1]
    wide = nest.wide
    if wide is not None and wide not in line.summed:
        units[wide] = nest.width if nest.summed else BLOCK
    parts = {a: -(-line.sizes[a] // unit) for a, unit in units.items() if _are_apart(line, a)}
    axis = next((a for a, count in parts.items() if count >= PARTS), max(parts, key=lambda a: parts[a], default=-1))
    if axis < 0 or parts[axis] < 2:
        return None
    outer = nest.outer if axis == wide else (axis, *[a for a in nest.outer if a != axis])
    return Share(nest._replace(outer=outer), axis, line.sizes[axis], units[axis], False)


def share_of_product(line: Line, nest: Nest, product: Product) -> Share | None:
    """How a product of BLAS is shared; None where it is computed whole.

    OpenBLAS has another kernel for small products, so no part is small.
    """
    if not _is_safe(line):
        return None
    rows, each = line.sizes[product.axes[0]], math.prod(line.sizes[a] for a in product.axes[1:])
    axis = next((a for a in product.loops if line.sizes[a] > 1 and _are_apart(line, a)), None)
    if axis is not None and math.prod(line.sizes) >= LEAST:
        return Share(nest, axis, line.sizes[axis], 1, True)
    unit = ROWS * -(-LEAST // (ROWS * each))
    while unit < rows and 0 < rows % unit * each < LEAST:
        unit += ROWS
    if unit >= rows or not _are_apart(line, product.axes[0]):
        return None
    return Share(nest, product.axes[0], rows, unit, True)


def work_of(line: Line) -> int:
    """What it takes to compute a line, in additions."""
    ops = (
        [part for part in in_order(expanded(line.term)) if isinstance(part, Term)]
        if isinstance(line.term, Part)
        else []
    )
    each = sum(CALL if str(part.op.facts.c).isidentifier() else 1 for part in ops)
    outputs = math.prod(n for a, n in enumerate(line.sizes) if a not in line.summed)
    return math.prod(line.sizes) * max(1, each) + PER_POINT * outputs


def _is_safe(line: Line) -> bool:
    """Whether no point reads what another one writes."""
    others = [read for read in line.reads() if read.buffer.name == line.target.name]
    return line.place.table is None and all(read.place.key == line.place.key for read in others)


def _are_apart(line: Line, axis: int) -> bool:
    """Whether each index of an axis has elements of its own."""
    strides = [(abs(s), n) for s, n in zip(line.place.strides, line.sizes, strict=True) if s and n > 1]
    step = abs(line.place.strides[axis])
    others = sum(s * (n - 1) for s, n in strides) - step * (line.sizes[axis] - 1)
    if step > others:
        return True
    end = 0
    for stride, size in sorted(strides):
        if stride <= end:
            return False
        end += stride * (size - 1)
    return step > 0


@functools.cache
def team_of(threads: int) -> int:
    """The address of a team of so many threads; 0 where there are none here."""
    import ctypes

    try:
        library = objects.loaded(PAUSE + SOURCE.replace("EXPORTED", objects.EXPORTED), libraries=("-pthread",))
    except CaptureError:
        return 0
    library.micrograd_team.restype = ctypes.c_void_p
    library.micrograd_team.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    get, put = threads_of_blas()
    return library.micrograd_team(threads, get, put) or 0


def threads_of_blas() -> tuple[int | None, int | None]:
    """The functions of SciPy's OpenBLAS that say and set how many threads it uses."""
    import ctypes

    try:
        from scipy.linalg import cython_blas

        library = ctypes.CDLL(cython_blas.__file__)
    except (ImportError, OSError):
        return None, None
    for begin in ("scipy_openblas", "openblas"):
        both = [getattr(library, f"{begin}_{what}_num_threads", None) for what in ("get", "set")]
        if None not in both:
            get, put = (ctypes.cast(function, ctypes.c_void_p).value for function in both)  # type: ignore[arg-type]
            return get, put
    return None, None
