import numpy as np


class Adam:
    def __init__(s, ps, lr=1e-3):
        s.ps = ps
        s.m = [np.zeros_like(p.data) for p in ps]
        s.v = [np.zeros_like(p.data) for p in ps]
        s.t = 0

    def step(s):
        s.t += 1
        c1 = 1e-3 / (1 - 0.9**s.t)
        c2 = (1 - 0.999**s.t) ** 0.5
        for p, m, v in zip(s.ps, s.m, s.v):
            g = p.grad
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            g2 = g * g
            g2 *= 0.001
            v += g2
            d = np.sqrt(v)
            d /= c2
            d += 1e-8
            np.divide(m, d, out=d)
            d *= c1
            p.data -= d

    def zero_grad(s):
        for p in s.ps:
            p.grad = None


class losses:
    @staticmethod
    def cross_entropy(z, y):
        from micrograd import ops

        return -ops.log_softmax(z)[np.arange(len(y)), y].mean()
