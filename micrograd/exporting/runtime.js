// Functions on arrays, which an exported model in JavaScript holds where it calls them.
// An array is {shape, data}: sizes of the axes, and a Float64Array in row-major order.

function size(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

function tensor(shape, data) {
  return { shape, data };
}

function scalar(x) {
  return typeof x === "number" ? tensor([], Float64Array.of(x)) : x;
}

// The numbers of base64, little-endian.
function decoded(shape, type, text) {
  const bytes = Uint8Array.from(atob(text.replace(/\s/g, "")), (c) => c.charCodeAt(0));
  const numbers = { f8: Float64Array, f4: Float32Array, i8: BigInt64Array, i4: Int32Array, u1: Uint8Array }[type];
  return tensor(shape, Float64Array.from(new numbers(bytes.buffer), Number));
}

// An input: nested arrays of numbers, or {shape, data}. A null in the shape is any length.
function given(name, x, shape, isWhole) {
  const found = x && x.shape && x.data ? tensor([...x.shape], Float64Array.from(x.data, Number)) : flat(name, x);
  const fits = found.shape.length === shape.length && shape.every((n, i) => n === null || n === found.shape[i]);
  if (!fits || found.data.length !== size(found.shape)) {
    const wanted = shape.map((n) => (n === null ? "n" : n)).join(", ");
    throw new RangeError(`predict: ${name} has the shape (${found.shape.join(", ")}); give (${wanted})`);
  }
  if (isWhole && !found.data.every(Number.isInteger)) {
    throw new TypeError(`predict: ${name} holds numbers that are not whole; give integers`);
  }
  return found;
}

function flat(name, x) {
  const shape = [];
  for (let inner = x; Array.isArray(inner) || ArrayBuffer.isView(inner); inner = inner[0]) shape.push(inner.length);
  const numbers = [];
  const walk = (inner, depth) => {
    const length = typeof inner === "number" || typeof inner === "boolean" ? -1 : inner && inner.length;
    if (length !== (depth < shape.length ? shape[depth] : -1)) {
      throw new TypeError(`predict: ${name} is not made of numbers in nested arrays of equal lengths`);
    }
    if (length < 0) numbers.push(inner);
    else for (const each of inner) walk(each, depth + 1);
  };
  walk(x, 0);
  return tensor(shape, Float64Array.from(numbers));
}

// Nested arrays of a result.
function nested({ shape, data }) {
  const walk = (depth, start, count) => {
    if (depth === shape.length) return data[start];
    const step = count / shape[depth];
    return Array.from({ length: shape[depth] }, (_, i) => walk(depth + 1, start + i * step, step));
  };
  return walk(0, 0, data.length);
}

function strides(shape) {
  const found = new Array(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) found[i] = found[i + 1] * shape[i + 1];
  return found;
}

// The elements of data at offset + sum of index * steps, for all indices of the shape.
function walked(data, shape, steps, offset = 0) {
  const z = new Float64Array(size(shape));
  const rank = shape.length;
  if (!rank) z[0] = data[offset];
  const index = new Array(rank).fill(0);
  for (let at = offset, i = 0; rank && i < z.length; i++) {
    z[i] = data[at];
    for (let axis = rank - 1; axis >= 0; axis--) {
      at += steps[axis];
      if (++index[axis] < shape[axis]) break;
      at -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return z;
}

function broadcastShape(...xs) {
  const rank = Math.max(...xs.map((x) => x.shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = xs.map((x) => x.shape[x.shape.length - rank + i] ?? 1);
    return sizes.find((n) => n !== 1) ?? 1;
  });
}

function broadcastTo(x, shape) {
  const before = shape.length - x.shape.length;
  if (!before && shape.every((n, i) => n === x.shape[i])) return x;
  const own = strides(x.shape);
  const steps = shape.map((_, i) => (i < before || x.shape[i - before] === 1 ? 0 : own[i - before]));
  return tensor(shape, walked(x.data, shape, steps));
}

// f of each element, of one to three arrays.
function each(f, ...given) {
  const xs = given.map(scalar);
  const shape = broadcastShape(...xs);
  const [a, b, c] = xs.map((x) => broadcastTo(x, shape).data);
  const z = new Float64Array(size(shape));
  if (c) for (let i = 0; i < z.length; i++) z[i] = f(a[i], b[i], c[i]);
  else if (b) for (let i = 0; i < z.length; i++) z[i] = f(a[i], b[i]);
  else for (let i = 0; i < z.length; i++) z[i] = f(a[i]);
  return tensor(shape, z);
}

function float32(x) {
  return tensor(x.shape, x.data.map(Math.fround));
}

function maximum(x, y) {
  return Math.max(x, y); // a NaN stays one
}

function sigmoid(x) {
  return 0.5 * (Math.tanh(0.5 * x) + 1);
}

function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function clip(x, low, high) {
  return Math.min(Math.max(x, low), high);
}

function remainder(x, y) {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

function rint(x) {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

// The error function: by its series near 0, beyond by the continued fraction of erfc.
function erf(x) {
  if (Number.isNaN(x)) return x;
  if (!(Math.abs(x) < 2)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let total = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(total); k++) {
    term *= (-x * x * (2 * k - 1)) / (k * (2 * k + 1));
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

function erfc(x) {
  if (Number.isNaN(x)) return x;
  if (!(x >= 2)) return x <= -2 ? 2 - erfc(-x) : 1 - erf(x);
  let fraction = x;
  for (let k = 80; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

// ln |Gamma(x)|: by reflection below 0.5, and by Stirling's series from 10 on.
function lgamma(x) {
  if (x < 0.5) {
    const sine = Math.abs(Math.sin(Math.PI * (x - Math.round(x))));
    return Math.log(Math.PI) - Math.log(sine) - lgamma(1 - x);
  }
  let factors = 1;
  for (; x < 10; x++) factors *= x;
  const y = 1 / (x * x);
  const series =
    1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * (691 / 360360 - y / 156)))));
  return (x - 0.5) * (Math.log(x) - 1) - 0.5 + 0.5 * Math.log(2 * Math.PI) + series / x - Math.log(factors);
}

function logit(x) {
  return x > 0.25 && x < 0.75 ? 2 * Math.atanh(2 * x - 1) : Math.log(x) - Math.log1p(-x);
}

function xlog(log, x, y) {
  return x === 0 && y === y ? 0 : x * log(y);
}

function logaddexp(x, y) {
  return x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)));
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function copysign(x, y) {
  return y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x);
}

// Sums of all elements up to each along an axis; null for all elements in a row.
function cumsum(x, axis) {
  if (axis === null) return cumsum(reshape(x, [-1]), 0);
  const at = axis < 0 ? axis + x.shape.length : axis;
  const step = strides(x.shape)[at];
  const z = Float64Array.from(x.data);
  for (let i = 0; i < z.length; i++) if (Math.floor(i / step) % x.shape[at]) z[i] += z[i - step];
  return tensor(x.shape, z);
}

function reshape(x, shape) {
  const known = shape.reduce((product, n) => (n < 0 ? product : product * n), 1);
  return tensor(shape.map((n) => (n < 0 ? x.data.length / known : n)), x.data);
}

function transpose(x, axes) {
  const own = strides(x.shape);
  const shape = axes.map((a) => x.shape[a]);
  return tensor(shape, walked(x.data, shape, axes.map((a) => own[a])));
}

// Entries: a whole number, "new" for an axis of length 1, or [start, stop, step] with null for its end.
function getitem(x, entries) {
  const own = strides(x.shape);
  const shape = [];
  const steps = [];
  let offset = 0;
  let axis = 0;
  for (const entry of entries) {
    if (entry === "new") {
      shape.push(1);
      steps.push(0);
      continue;
    }
    const n = x.shape[axis];
    const step = own[axis++];
    if (typeof entry === "number") {
      offset += (entry < 0 ? entry + n : entry) * step;
      continue;
    }
    const by = entry[2] ?? 1;
    const least = by > 0 ? 0 : -1;
    const bound = (i, other) => (i === null ? other : Math.min(Math.max(i < 0 ? i + n : i, least), n + least));
    const start = bound(entry[0], by > 0 ? 0 : n - 1);
    const stop = bound(entry[1], by > 0 ? n : -1);
    shape.push(Math.max(0, Math.ceil((stop - start) / by)));
    steps.push(by * step);
    offset += start * step;
  }
  return tensor(shape, walked(x.data, shape, steps, offset));
}

// Elements along an axis by their numbers, which take its place.
function take(x, axis, index) {
  const before = size(x.shape.slice(0, axis));
  const after = size(x.shape.slice(axis + 1));
  const n = x.shape[axis];
  const z = new Float64Array(before * index.data.length * after);
  let at = 0;
  for (let i = 0; i < before; i++) {
    for (const given of index.data) {
      const start = (i * n + (given < 0 ? given + n : given)) * after;
      z.set(x.data.subarray(start, start + after), at);
      at += after;
    }
  }
  return tensor([...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)], z);
}

// Whole numbers that are below a length.
function inBounds(x, length, wraps) {
  return each((i) => {
    if (i >= length || i < (wraps ? -length : 0)) {
      throw new RangeError(`predict: there is no row ${i}; give whole numbers from 0 to ${length - 1}`);
    }
    return i < 0 ? i + length : i;
  }, x);
}

function concatenate(xs, axis) {
  const at = axis < 0 ? axis + xs[0].shape.length : axis;
  const shape = [...xs[0].shape];
  shape[at] = xs.reduce((sum, x) => sum + x.shape[at], 0);
  const before = size(shape.slice(0, at));
  const z = new Float64Array(size(shape));
  let place = 0;
  for (let i = 0; i < before; i++) {
    for (const x of xs) {
      const count = x.data.length / before;
      z.set(x.data.subarray(i * count, (i + 1) * count), place);
      place += count;
    }
  }
  return tensor(shape, z);
}

function stack(xs, axis) {
  const at = axis < 0 ? axis + xs[0].shape.length + 1 : axis;
  return concatenate(xs.map((x) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])), at);
}

// One number of the elements along axes; null for all axes.
function reduced(f, first, x, axes, keepdims) {
  const rank = x.shape.length;
  const gone = new Set((axes === null ? x.shape.map((_, i) => i) : [axes].flat()).map((a) => (a < 0 ? a + rank : a)));
  const left = x.shape.map((_, i) => i).filter((i) => !gone.has(i));
  const moved = transpose(x, [...left, ...gone]);
  const count = size([...gone].map((a) => x.shape[a]));
  const z = new Float64Array(size(left.map((a) => x.shape[a]))).fill(first);
  for (let i = 0; i < z.length; i++) {
    for (let k = 0; k < count; k++) z[i] = f(z[i], moved.data[i * count + k]);
  }
  return tensor(keepdims ? x.shape.map((n, i) => (gone.has(i) ? 1 : n)) : left.map((a) => x.shape[a]), z);
}

function sum(x, axes, keepdims = false) {
  return reduced((a, b) => a + b, 0, x, axes, keepdims);
}

function max(x, axes, keepdims = false) {
  return reduced(Math.max, -Infinity, x, axes, keepdims);
}

function min(x, axes, keepdims = false) {
  return reduced(Math.min, Infinity, x, axes, keepdims);
}

// The first place along an axis whose element is better than those before; null for all elements in a row.
function placeOf(isBetter, x, axis, keepdims) {
  const whole = axis === null ? reshape(x, [-1]) : x;
  const at = axis === null ? 0 : axis < 0 ? axis + x.shape.length : axis;
  const index = whole.shape.map((_, i) => i).filter((i) => i !== at);
  const moved = transpose(whole, [...index, at]);
  const n = whole.shape[at];
  const z = new Float64Array(size(index.map((i) => whole.shape[i])));
  for (let i = 0; i < z.length; i++) {
    for (let k = 1; k < n; k++) if (isBetter(moved.data[i * n + k], moved.data[i * n + z[i]])) z[i] = k;
  }
  const shape = axis === null ? x.shape.map(() => 1) : x.shape.map((m, i) => (i === at ? 1 : m));
  return tensor(keepdims ? shape : index.map((i) => whole.shape[i]), z);
}

function mean(x, axes) {
  const total = sum(x, axes, true);
  return each((t) => (t * total.data.length) / x.data.length, total);
}

function exponentials(x, axis) {
  const top = each((m) => clip(m, -Number.MAX_VALUE, Number.MAX_VALUE), max(x, axis, true));
  return each((a, m) => a - m, x, top);
}

// Exponentials divided by their sum; 0 where all of x is -Infinity.
function softmax(x, axis) {
  const z = each(Math.exp, exponentials(x, axis));
  return each((a, total) => a / (total || 1), z, sum(z, axis, true));
}

function logSoftmax(x, axis) {
  const z = exponentials(x, axis);
  return each((a, total) => a - Math.log(total), z, sum(each(Math.exp, z), axis, true));
}

// x with mean 0 and variance 1 along axes.
function standardize(x, axes, eps) {
  const first = getitem(x, x.shape.map((_, i) => (axes.includes(i) ? [0, 1, null] : [null, null, null])));
  const shifted = each((a, b) => a - b, x, first);
  const centred = each((a, b) => a - b, shifted, mean(shifted, axes));
  const variance = mean(each((a) => a * a, centred), axes);
  return each((a, v) => a / Math.sqrt(v + eps), centred, variance);
}

function matmul(a, b) {
  if (a.shape.length === 1) {
    const z = matmul(reshape(a, [1, -1]), b);
    return reshape(z, z.shape.filter((_, i) => i !== z.shape.length - (b.shape.length === 1 ? 1 : 2)));
  }
  if (b.shape.length === 1) {
    const z = matmul(a, reshape(b, [-1, 1]));
    return reshape(z, z.shape.slice(0, -1));
  }
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  const outer = broadcastShape(tensor(a.shape.slice(0, -2)), tensor(b.shape.slice(0, -2)));
  const x = broadcastTo(a, [...outer, rows, inner]).data;
  const y = broadcastTo(b, [...outer, inner, columns]).data;
  const z = new Float64Array(size(outer) * rows * columns);
  for (let n = 0; n < size(outer); n++) {
    for (let i = 0; i < rows; i++) {
      const to = (n * rows + i) * columns;
      for (let k = 0; k < inner; k++) {
        const factor = x[(n * rows + i) * inner + k];
        const from = (n * inner + k) * columns;
        for (let j = 0; j < columns; j++) z[to + j] += factor * y[from + j];
      }
    }
  }
  return tensor([...outer, rows, columns], z);
}

// x weight^T + bias
function linear(x, weight, bias) {
  const [outputs, inputs] = weight.shape;
  const count = x.data.length / inputs;
  const z = new Float64Array(count * outputs);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < outputs; j++) {
      let total = 0;
      for (let k = 0; k < inputs; k++) total += x.data[i * inputs + k] * weight.data[j * inputs + k];
      z[i * outputs + j] = total + bias.data[j];
    }
  }
  return tensor([...x.shape.slice(0, -1), outputs], z);
}

// Sums of products over named axes: the terms and the output of einsum.
function contract(terms, output, ...xs) {
  const sizes = {};
  terms.forEach((term, t) => [...term].forEach((letter, i) => (sizes[letter] = xs[t].shape[i])));
  const letters = [...output, ...Object.keys(sizes).filter((letter) => !output.includes(letter))];
  const whole = letters.map((letter) => sizes[letter]);
  const parts = xs.map((x, t) => {
    const own = strides(x.shape);
    return walked(x.data, whole, letters.map((letter) => own[terms[t].indexOf(letter)] ?? 0));
  });
  const shape = [...output].map((letter) => sizes[letter]);
  const z = new Float64Array(size(shape));
  const count = parts[0].length / z.length;
  for (let i = 0; i < parts[0].length; i++) {
    z[Math.floor(i / count)] += parts.reduce((product, part) => product * part[i], 1);
  }
  return tensor(shape, z);
}

function padded(x, pad, number) {
  const shape = x.shape.map((n, i) => n + pad[i][0] + pad[i][1]);
  const z = new Float64Array(size(shape)).fill(number);
  const own = strides(shape);
  const places = walked(
    Float64Array.from(z, (_, i) => i),
    x.shape,
    own,
    own.reduce((at, step, i) => at + step * pad[i][0], 0),
  );
  places.forEach((place, i) => (z[place] = x.data[i]));
  return tensor(shape, z);
}

// What a window that slides along the last axes sees at each place.
function windows(x, sizes, stride, dilation) {
  const k = sizes.length;
  const last = x.shape.length - k;
  const own = strides(x.shape);
  const places = sizes.map((s, i) => Math.floor((x.shape[last + i] - (s - 1) * dilation[i] - 1) / stride[i]) + 1);
  const steps = [
    ...own.slice(0, last),
    ...stride.map((s, i) => s * own[last + i]),
    ...dilation.map((d, i) => d * own[last + i]),
  ];
  const shape = [...x.shape.slice(0, last), ...places, ...sizes];
  return tensor(shape, walked(x.data, shape, steps));
}

// Windows added together where they came from.
function overlapAdd(x, lengths, stride, dilation) {
  const shape = [...x.shape.slice(0, x.shape.length - 2 * lengths.length), ...lengths];
  const places = windows(
    tensor(shape, Float64Array.from({ length: size(shape) }, (_, i) => i)),
    x.shape.slice(x.shape.length - lengths.length),
    stride,
    dilation,
  );
  const z = new Float64Array(size(shape));
  places.data.forEach((place, i) => (z[place] += x.data[i]));
  return tensor(shape, z);
}

// A convolution: kernels slide along the last axes, with zeros around them.
function conv(x, weight, pad, stride, dilation, groups) {
  const kernel = weight.shape.slice(2);
  const seen = windows(padded(x, [[0, 0], [0, 0], ...pad], 0), kernel, stride, dilation);
  const k = kernel.length;
  const [batch, channels, ...rest] = seen.shape;
  const places = rest.slice(0, k);
  const count = size(places);
  const area = size(kernel);
  const [outputs, taken] = weight.shape;
  const z = new Float64Array(batch * outputs * count);
  for (let n = 0; n < batch; n++) {
    for (let f = 0; f < outputs; f++) {
      const first = Math.floor((f * groups) / outputs) * taken;
      for (let p = 0; p < count; p++) {
        let total = 0;
        for (let c = 0; c < taken; c++) {
          const from = ((n * channels + first + c) * count + p) * area;
          for (let q = 0; q < area; q++) total += seen.data[from + q] * weight.data[(f * taken + c) * area + q];
        }
        z[(n * outputs + f) * count + p] = total;
      }
    }
  }
  return tensor([batch, outputs, ...places], z);
}

// The largest element of each window.
function maxPool(x, sizes, pad, stride, dilation) {
  const before = x.shape.slice(sizes.length).map(() => [0, 0]);
  const ends = [...before, ...pad];
  const seen = windows(padded(x, ends, -Infinity), sizes, stride, dilation);
  return max(seen, sizes.map((_, i) => i - sizes.length), false);
}

// The parts of the last axis.
function blocks(x, count) {
  const n = x.shape[x.shape.length - 1] / count;
  const all = x.shape.slice(0, -1).map(() => [null, null, null]);
  return Array.from({ length: count }, (_, k) => getitem(x, [...all, [k * n, (k + 1) * n, null]]));
}

function steps(x) {
  return Array.from({ length: x.shape[0] }, (_, t) => getitem(x, [t, ...x.shape.slice(1).map(() => [null, null, null])]));
}

// The states of a recurrent layer, step by step.
function rnn(p, w, h, nonlinearity) {
  const turned = transpose(w, [1, 0]);
  const f = nonlinearity === "tanh" ? Math.tanh : (x) => Math.max(x, 0);
  const states = [];
  for (const x of steps(p)) {
    h = each((a, b) => f(a + b), x, matmul(h, turned));
    states.push(h);
  }
  return stack(states, 0);
}

// Gates i, f, g, o and states c, h of a layer of long short-term memory.
function lstm(p, w, state) {
  const turned = transpose(w, [1, 0]);
  let [h, c] = steps(state);
  const all = [];
  for (const x of steps(p)) {
    const parts = blocks(each((a, b) => a + b, x, matmul(h, turned)), 4);
    const [i, f, g, o] = parts.map((part, k) => each(k === 2 ? Math.tanh : sigmoid, part));
    c = each((a, b) => a + b, each((a, b) => a * b, f, c), each((a, b) => a * b, i, g));
    h = each((a, b) => a * Math.tanh(b), o, c);
    all.push(stack([i, f, g, o, c, h], 0));
  }
  return stack(all, 1);
}

// Gates r, u, n, the third block of w h + b, and states h of gated units.
function gru(p, w, b, h) {
  const turned = transpose(w, [1, 0]);
  const all = [];
  for (const x of steps(p)) {
    const [xr, xu, xn] = blocks(x, 3);
    const [hr, hu, q] = blocks(each((a, c) => a + c, matmul(h, turned), b), 3);
    const r = each((a, c) => sigmoid(a + c), xr, hr);
    const u = each((a, c) => sigmoid(a + c), xu, hu);
    const n = each((a, c, d) => Math.tanh(a + c * d), xn, r, q);
    h = each((a, c, d) => a + c * (d - a), n, u, h);
    all.push(stack([r, u, n, q, h], 0));
  }
  return stack(all, 1);
}
