/* The functions of compiling/flat.py in C: see there for what they are about. All run under the GIL. */
#ifndef MICROGRAD_FLAT_H
#define MICROGRAD_FLAT_H
#include "micrograd/doubles.h"
#include <stdint.h>

/* What to do. From ONE on: programs of a known form, which `packed` finds by itself. */
enum micrograd_flat_kind {
    MICROGRAD_FLAT_ASK, MICROGRAD_FLAT_COMBINE, MICROGRAD_FLAT_RUN, MICROGRAD_FLAT_WHOLE,
    MICROGRAD_FLAT_GIVE, MICROGRAD_FLAT_GIVE_TWO, MICROGRAD_FLAT_RUN_LAST,
    MICROGRAD_FLAT_ONE,        /* a function of C */
    MICROGRAD_FLAT_HINGE,      /* x <= a ? b : x, as relu */
    MICROGRAD_FLAT_ABOVE,      /* back: x > a, the slope of relu */
    MICROGRAD_FLAT_LESS_SQUARE, /* back: a - z * z, the slope of tanh */
    MICROGRAD_FLAT_SHORT, MICROGRAD_FLAT_SHORT_LAST /* one or two steps */
};
#define MICROGRAD_FLAT_LARGEST 9007199254740992.0
#define MICROGRAD_FLAT_NOTHING (-0.0)

typedef struct { uint32_t head; int32_t x, y, w; } micrograd_flat_row;
typedef struct { uint32_t head; int32_t z, to, factor, second, its_factor; } micrograd_flat_back_row;

#define MICROGRAD_FLAT_PROGRAM(list, head) \
    ((const micrograd_program *)PyBytes_AS_STRING(PyList_GET_ITEM(list, (head) >> 8)))

static int micrograd_flat_has_step(const micrograd_program *p, int i, int kind, int a, int b) {
    return p->step[i].kind == kind && p->step[i].a == a && p->step[i].b == b;
}

/* The kind of an instruction whose program has a form that is run more quickly. */
static uint32_t micrograd_flat_quick(uint32_t head, PyObject *programs) {
    enum { Z, X, A = MICROGRAD_INPUTS, B, FIRST = MICROGRAD_INPUTS + MICROGRAD_CONSTANTS };
    const uint32_t kind = head & 255;
    const micrograd_program *p;
    if (kind != MICROGRAD_FLAT_RUN && kind != MICROGRAD_FLAT_RUN_LAST) return kind;
    p = MICROGRAD_FLAT_PROGRAM(programs, head);
    if (p->steps < 1 || p->steps > 2 || p->result != FIRST + p->steps - 1) return kind;
    if (kind == MICROGRAD_FLAT_RUN) {
        if (p->shortcut == M_ONE) return MICROGRAD_FLAT_ONE;
        if (p->steps == 2 && micrograd_flat_has_step(p, 0, M_LE, X, A) && micrograd_flat_has_step(p, 1, M_IF, FIRST, B)
            && p->step[1].c == X) return MICROGRAD_FLAT_HINGE;
        return MICROGRAD_FLAT_SHORT;
    }
    if (p->steps == 1 && micrograd_flat_has_step(p, 0, M_GT, X, A)) return MICROGRAD_FLAT_ABOVE;
    if (p->steps == 2 && micrograd_flat_has_step(p, 0, M_MUL, Z, Z) && micrograd_flat_has_step(p, 1, M_SUB, A, FIRST))
        return MICROGRAD_FLAT_LESS_SQUARE;
    return MICROGRAD_FLAT_SHORT_LAST;
}

/* A bytes object that holds the rows, which have as many numbers as the first. */
static PyObject *micrograd_flat_packed(PyObject *rows, PyObject *programs) {
    const Py_ssize_t count = PyList_GET_SIZE(rows), width = count ? PyTuple_GET_SIZE(PyList_GET_ITEM(rows, 0)) : 0;
    PyObject *made = PyBytes_FromStringAndSize(NULL, count * width * (Py_ssize_t)sizeof(int32_t));
    int32_t *out;
    Py_ssize_t k, i;
    if (made == NULL) return NULL;
    out = (int32_t *)PyBytes_AS_STRING(made);
    for (k = 0; k < count; k++) {
        for (i = 0; i < width; i++) out[k * width + i] = (int32_t)PyLong_AsLong(PyTuple_GET_ITEM(PyList_GET_ITEM(rows, k), i));
        out[k * width] = (int32_t)(((uint32_t)out[k * width] & ~(uint32_t)255) | micrograd_flat_quick((uint32_t)out[k * width], programs));
    }
    if (PyErr_Occurred()) Py_CLEAR(made);
    return made;
}

/* One step of a program, on numbers at hand. */
static inline double micrograd_flat_step(const micrograd_step *s, double a, double b, double c) {
    double v;
    switch (s->kind) {
        case M_ADD: return a + b;
        case M_SUB: return a - b;
        case M_MUL: return a * b;
        case M_DIV: v = a / b; return isfinite(v) ? v : NAN;
        case M_NEG: return -a;
        case M_ONE: v = s->one(a); return isfinite(v) ? v : NAN;
        case M_TWO: v = s->two(a, b); return isfinite(v) ? v : NAN;
        case M_EQ: return a == b;
        case M_NE: return a != b;
        case M_GT: return a > b;
        case M_LT: return a < b;
        case M_GE: return a >= b;
        case M_LE: return a <= b;
        case M_AND: return a && b;
        case M_OR: return a || b;
        case M_NOT: return !a;
        default: return a ? b : c;
    }
}

static inline double micrograd_flat_read(const micrograd_program *p, int i, const double *in, double before) {
    return i < MICROGRAD_INPUTS ? in[i] : i < MICROGRAD_INPUTS + MICROGRAD_CONSTANTS ? p->constants[i - MICROGRAD_INPUTS] : before;
}

/* A program of one or two steps, without an array of registers. A step that ends the program gives nan, and so does
   what is computed from it, but for a comparison or a choice: a first step that is not finite is looked for. */
static inline double micrograd_flat_short(const micrograd_program *p, double z, double x, double y, double w) {
    const double in[MICROGRAD_INPUTS] = {z, x, y, w};
    const micrograd_step *s = p->step;
    double v = micrograd_flat_step(s, micrograd_flat_read(p, s->a, in, 0.0), micrograd_flat_read(p, s->b, in, 0.0),
                                   micrograd_flat_read(p, s->c, in, 0.0));
    if (p->steps == 1) return v;
    if (v != v) return NAN;
    s++;
    return micrograd_flat_step(s, micrograd_flat_read(p, s->a, in, v), micrograd_flat_read(p, s->b, in, v),
                               micrograd_flat_read(p, s->c, in, v));
}

static Py_ssize_t micrograd_flat_forward(PyObject *rows, PyObject *programs, PyObject *array, Py_ssize_t first, Py_ssize_t at, Py_ssize_t end) {
    const micrograd_flat_row *row = (const micrograd_flat_row *)PyBytes_AS_STRING(rows);
    Py_buffer view;
    double *numbers, *out;
    Py_ssize_t k;
    if (PyObject_GetBuffer(array, &view, PyBUF_WRITABLE) < 0) return -1;
    numbers = (double *)view.buf;
    out = numbers + first;
    for (k = at; k < end; k++) {
        const micrograd_flat_row r = row[k];
        const uint32_t kind = r.head & 255;
        const double x = numbers[r.x], y = numbers[r.y], w = numbers[r.w];
        double z;
        switch (kind) {
            case MICROGRAD_FLAT_COMBINE: z = x * y + w; break;
            case MICROGRAD_FLAT_ONE: z = x != x ? NAN : MICROGRAD_FLAT_PROGRAM(programs, r.head)->step[0].one(x); break;
            case MICROGRAD_FLAT_HINGE: {
                const micrograd_program *p = MICROGRAD_FLAT_PROGRAM(programs, r.head);
                z = x <= p->constants[0] ? p->constants[1] : x;
                break;
            }
            case MICROGRAD_FLAT_SHORT:
                z = x != x || y != y || w != w ? NAN : micrograd_flat_short(MICROGRAD_FLAT_PROGRAM(programs, r.head), 0.0, x, y, w);
                break;
            case MICROGRAD_FLAT_RUN:
            case MICROGRAD_FLAT_WHOLE:
                if (x != x || y != y || w != w) goto stop;
                z = micrograd_run(PyList_GET_ITEM(programs, r.head >> 8), 0.0, x, y, w);
                if (kind == MICROGRAD_FLAT_WHOLE) {
                    if (!(fabs(z) <= MICROGRAD_FLAT_LARGEST)) goto stop;
                    z += 0.0;
                }
                break;
            default: goto stop;
        }
        if (z - z != 0.0) goto stop;
        out[k] = z;
    }
stop:
    PyBuffer_Release(&view);
    return k;
}

static Py_ssize_t micrograd_flat_back(PyObject *rows, PyObject *programs, PyObject *array, PyObject *grad_array,
                                      PyObject *inputs, Py_ssize_t first, Py_ssize_t at) {
    const micrograd_flat_back_row *row = (const micrograd_flat_back_row *)PyBytes_AS_STRING(rows);
    const micrograd_flat_row *input = (const micrograd_flat_row *)PyBytes_AS_STRING(inputs);
    const Py_ssize_t end = PyBytes_GET_SIZE(rows) / (Py_ssize_t)sizeof(micrograd_flat_back_row);
    Py_buffer view, grad_view;
    const double *numbers;
    double *grads;
    Py_ssize_t k;
    if (PyObject_GetBuffer(array, &view, PyBUF_SIMPLE) < 0) return -1;
    if (PyObject_GetBuffer(grad_array, &grad_view, PyBUF_WRITABLE) < 0) {
        PyBuffer_Release(&view);
        return -1;
    }
    numbers = (const double *)view.buf;
    grads = (double *)grad_view.buf;
    for (k = at; k < end; k++) {
        const micrograd_flat_back_row r = row[k];
        const uint32_t kind = r.head & 255;
        const double g = grads[r.z];
        double part, second;
        switch (kind) {
            case MICROGRAD_FLAT_GIVE:
                part = g * numbers[r.factor];
                if (part != part) goto stop;
                grads[r.z] = MICROGRAD_FLAT_NOTHING;
                grads[r.to] += part;
                break;
            case MICROGRAD_FLAT_GIVE_TWO:
                part = g * numbers[r.factor];
                second = g * numbers[r.its_factor];
                if (part != part || second != second) goto stop;
                grads[r.z] = MICROGRAD_FLAT_NOTHING;
                grads[r.to] += part;
                grads[r.second] += second;
                break;
            case MICROGRAD_FLAT_ABOVE: {
                const double x = numbers[input[r.z - first].x];
                part = g * (x > MICROGRAD_FLAT_PROGRAM(programs, r.head)->constants[0]);
                if (x != x || part - part != 0.0) goto stop;
                grads[r.z] = MICROGRAD_FLAT_NOTHING;
                grads[r.to] += part;
                break;
            }
            case MICROGRAD_FLAT_LESS_SQUARE: {
                const double z = numbers[r.z];
                part = g * (MICROGRAD_FLAT_PROGRAM(programs, r.head)->constants[0] - z * z);
                if (part - part != 0.0) goto stop;
                grads[r.z] = MICROGRAD_FLAT_NOTHING;
                grads[r.to] += part;
                break;
            }
            case MICROGRAD_FLAT_SHORT:
            case MICROGRAD_FLAT_SHORT_LAST:
            case MICROGRAD_FLAT_RUN:
            case MICROGRAD_FLAT_RUN_LAST: {
                const micrograd_flat_row in = input[r.z - first];
                const double z = numbers[r.z], x = numbers[in.x], y = numbers[in.y], w = numbers[in.w];
                if (x != x || y != y || w != w) goto stop;
                part = g * (kind == MICROGRAD_FLAT_SHORT || kind == MICROGRAD_FLAT_SHORT_LAST
                    ? micrograd_flat_short(MICROGRAD_FLAT_PROGRAM(programs, r.head), z, x, y, w)
                    : micrograd_run(PyList_GET_ITEM(programs, r.head >> 8), z, x, y, w));
                if (part - part != 0.0) goto stop;
                if (kind == MICROGRAD_FLAT_SHORT_LAST || kind == MICROGRAD_FLAT_RUN_LAST) grads[r.z] = MICROGRAD_FLAT_NOTHING;
                grads[r.to] += part;
                break;
            }
            default: goto stop;
        }
    }
stop:
    PyBuffer_Release(&grad_view);
    PyBuffer_Release(&view);
    return k;
}
#endif
