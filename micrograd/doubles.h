/* The functions of doubles.py in C: see there for what they are about. All run under the GIL. */
#ifndef MICROGRAD_DOUBLES_H
#define MICROGRAD_DOUBLES_H
#include <Python.h>
#include <math.h>
#include <string.h>

enum { MICROGRAD_INPUTS = 4, MICROGRAD_CONSTANTS = 8, MICROGRAD_STEPS = 24 };

typedef double (*micrograd_one)(double);
typedef double (*micrograd_two)(double, double);
enum micrograd_kind { M_ADD, M_SUB, M_MUL, M_DIV, M_NEG, M_ONE, M_TWO, M_EQ, M_NE, M_GT, M_LT, M_GE, M_LE, M_AND, M_OR, M_NOT, M_IF };

typedef struct {
    int kind, a, b, c;
    micrograd_one one;
    micrograd_two two;
} micrograd_step;

/* `shortcut` is the kind of a program of one step on x and y; -1 for none. */
typedef struct {
    int steps, result, shortcut;
    double constants[MICROGRAD_CONSTANTS];
    micrograd_step step[MICROGRAD_STEPS];
} micrograd_program;

static const struct { const char *name; int kind; } micrograd_operators[] = {
    {"+", M_ADD}, {"-", M_SUB}, {"*", M_MUL}, {"/", M_DIV}, {"neg", M_NEG}, {"==", M_EQ}, {"!=", M_NE}, {">", M_GT},
    {"<", M_LT}, {">=", M_GE}, {"<=", M_LE}, {"&&", M_AND}, {"||", M_OR}, {"!", M_NOT}, {"?:", M_IF},
};
static const struct { const char *name; micrograd_one f; } micrograd_ones[] = {
    {"sin", sin}, {"cos", cos}, {"tan", tan}, {"asin", asin}, {"acos", acos}, {"atan", atan}, {"sinh", sinh},
    {"cosh", cosh}, {"tanh", tanh}, {"asinh", asinh}, {"acosh", acosh}, {"atanh", atanh}, {"exp", exp},
    {"exp2", exp2}, {"expm1", expm1}, {"log", log}, {"log1p", log1p}, {"log2", log2}, {"log10", log10},
    {"sqrt", sqrt}, {"cbrt", cbrt}, {"erf", erf}, {"erfc", erfc}, {"fabs", fabs}, {"floor", floor}, {"ceil", ceil},
    {"rint", rint}, {"trunc", trunc},
};
static const struct { const char *name; micrograd_two f; } micrograd_twos[] = {
    {"pow", pow}, {"atan2", atan2}, {"copysign", copysign}, {"hypot", hypot}, {"fmod", fmod}, {"nextafter", nextafter},
};

#define MICROGRAD_COUNT(list) (sizeof(list) / sizeof(list[0]))

static int micrograd_spell(micrograd_step *step, const char *name) {
    size_t i;
    for (i = 0; i < MICROGRAD_COUNT(micrograd_operators); i++)
        if (!strcmp(name, micrograd_operators[i].name)) { step->kind = micrograd_operators[i].kind; return 1; }
    for (i = 0; i < MICROGRAD_COUNT(micrograd_ones); i++)
        if (!strcmp(name, micrograd_ones[i].name)) { step->kind = M_ONE; step->one = micrograd_ones[i].f; return 1; }
    for (i = 0; i < MICROGRAD_COUNT(micrograd_twos); i++)
        if (!strcmp(name, micrograd_twos[i].name)) { step->kind = M_TWO; step->two = micrograd_twos[i].f; return 1; }
    return 0;
}

/* A bytes object that holds the program; None where C cannot say it. */
static PyObject *micrograd_assemble(PyObject *steps, PyObject *constants, int result) {
    micrograd_program p;
    Py_ssize_t i;
    memset(&p, 0, sizeof p);
    if (PyList_GET_SIZE(steps) > MICROGRAD_STEPS || PyList_GET_SIZE(constants) > MICROGRAD_CONSTANTS) Py_RETURN_NONE;
    for (i = 0; i < PyList_GET_SIZE(constants); i++) {
        p.constants[i] = PyFloat_AsDouble(PyList_GET_ITEM(constants, i));
        if (PyErr_Occurred()) return NULL;
    }
    p.steps = (int)PyList_GET_SIZE(steps);
    for (i = 0; i < p.steps; i++) {
        const char *name;
        micrograd_step *step = &p.step[i];
        if (!PyArg_ParseTuple(PyList_GET_ITEM(steps, i), "siii", &name, &step->a, &step->b, &step->c)) return NULL;
        if (!micrograd_spell(step, name)) Py_RETURN_NONE;
    }
    p.result = result;
    p.shortcut = -1;
    if (p.steps == 1 && p.result == MICROGRAD_INPUTS + MICROGRAD_CONSTANTS && p.step[0].a == 1) {
        if (p.step[0].kind == M_ONE || p.step[0].b == 2) p.shortcut = p.step[0].kind;
    }
    return PyBytes_FromStringAndSize((const char *)&p, sizeof p);
}

/* A quotient or a function that is not finite ends the program with nan, as Python may raise there: the ordinary way
   decides. So 1 / (1 / x) at 0 is the same error with and without C, and not 0. */
static double micrograd_run_steps(const micrograd_program *p, double z, double x, double y, double w) {
    double r[MICROGRAD_INPUTS + MICROGRAD_CONSTANTS + MICROGRAD_STEPS];
    int i;
    r[0] = z, r[1] = x, r[2] = y, r[3] = w;
    memcpy(r + MICROGRAD_INPUTS, p->constants, sizeof p->constants);
    for (i = 0; i < p->steps; i++) {
        const micrograd_step *s = &p->step[i];
        double a = r[s->a], b = r[s->b], v;
        switch (s->kind) {
            case M_ADD: v = a + b; break;
            case M_SUB: v = a - b; break;
            case M_MUL: v = a * b; break;
            case M_DIV: v = a / b; if (!isfinite(v)) return NAN; break;
            case M_NEG: v = -a; break;
            case M_ONE: v = s->one(a); if (!isfinite(v)) return NAN; break;
            case M_TWO: v = s->two(a, b); if (!isfinite(v)) return NAN; break;
            case M_EQ: v = a == b; break;
            case M_NE: v = a != b; break;
            case M_GT: v = a > b; break;
            case M_LT: v = a < b; break;
            case M_GE: v = a >= b; break;
            case M_LE: v = a <= b; break;
            case M_AND: v = a && b; break;
            case M_OR: v = a || b; break;
            case M_NOT: v = !a; break;
            default: v = a ? b : r[s->c];
        }
        r[MICROGRAD_INPUTS + MICROGRAD_CONSTANTS + i] = v;
    }
    return r[p->result];
}

static inline double micrograd_run(PyObject *program, double z, double x, double y, double w) {
    const micrograd_program *p = (const micrograd_program *)PyBytes_AS_STRING(program);
    if (p->steps == 0) /* the output, an input, or a constant */
        return p->result == 0 ? z : p->result == 1 ? x : p->result == 2 ? y : p->result == 3 ? w
            : p->constants[p->result - MICROGRAD_INPUTS];
    if (p->shortcut == M_MUL) return x * y;
    if (p->shortcut == M_ADD) return x + y;
    if (p->shortcut == M_ONE) return p->step[0].one(x);
    return micrograd_run_steps(p, z, x, y, w);
}
#endif
