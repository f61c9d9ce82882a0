"""Optimizer: parameters in groups, a rule for each group, and the state of it all.

The classes with PyTorch's names inherit from it. They only say which rule the options
of a group make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from micrograd import gathering
from micrograd import on_demand as np
from micrograd.captures import check_is_not_captured, current, is_followed_number
from micrograd.errors import ArgumentError
from micrograd.gradients import has_grad
from micrograd.optim import buckets, followed, groups, saving
from micrograd.optim.buckets import Bucket
from micrograd.optim.rule import Rule

Closure = Callable[[], Any]


class Optimizer:
    """Moves parameters by a rule, such as one that `chain` has made.

    A parameter that `backward()` has not reached since `zero_grad()` is left as it is:
    it is not moved, it does not decay, and its state does not change. A parameter that
    is an array is changed in place, as by `v.data -= ...`: whoever shares the array
    sees it. Floats are replaced. The dtype stays.

    Args:
        params: the Values to train: an iterable of them, or of pairs (name, Value), or
            of dictionaries, each a group with `params` and options of its own.
        rule: a `Rule`; or, with options, a function that makes one of them.
        options: for all groups that do not say otherwise. They stand in
            `param_groups`, where a schedule changes them.

    Attributes:
        defaults: the options for groups that do not give their own.

    Raises:
        ArgumentError: there is no parameter, a parameter comes twice, or an option is
            out of range.
        DataError: a parameter is not a Value, is not a leaf, or does not hold floats.

    >>> from micrograd import Value
    >>> from micrograd.optim import adam, chain, clip
    >>> x = Value(3.0)
    >>> optimizer = Optimizer([x], lambda lr: chain(clip(1.0), adam(lr)), lr=0.1)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    >>> abs(x.data) < 0.1
    True
    """

    make: ClassVar[Callable[..., Rule] | None] = None  # the function that makes the rule of a subclass

    def __init__(self, params: Iterable[Any], rule: Rule | Callable[..., Rule], **options: Any) -> None:
        if isinstance(rule, type) or not (isinstance(rule, Rule) or callable(rule)):
            raise ArgumentError(f"Optimizer: {rule!r} is not a rule; give one, such as chain(clip(1.0), adam(0.001))")
        self._rule = rule
        self._set_up(params, options)

    def _set_up(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._groups: list[dict[str, Any]] = []
        self._buckets: list[list[Bucket]] = []
        self._made: list[tuple[dict[str, Any], Rule]] = []  # the last rules, with their options
        self._waiting: list[list[int]] = []  # places of parameters that have not been reached yet
        for group in groups.read(self._name, params):
            self.add_param_group(group)

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles, without the rules, which are functions."""
        return {**vars(self), "_made": []}

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """A dictionary for each group: `params`, and its options."""
        capture = current()
        if capture is None:
            return self._groups
        return [followed.seen_by(capture, group) for group in self._groups]  # type: ignore[misc]

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _rule_of(self, group: dict[str, Any]) -> Rule:
        """The rule that the options of a group make, as they are now."""
        make = type(self).make
        if make is None:
            if isinstance(self._rule, Rule):
                return self._rule
            make = self._rule
        options = {name: group[name] for name in self.defaults}
        if is_followed_number(options.get("lr")):  # as while a function is captured; then it is always followed
            return make(**options)
        for known, rule in self._made:
            if known == options:
                return rule
        rule = make(**options)
        self._made = [(options, rule), *self._made[:7]]
        return rule

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters, with options of their own.

        Args:
            param_group: `params`, a Value or several, and options that differ from the
                defaults.

        Raises:
            ArgumentError: a parameter is in a group already, or an option is unknown or
                out of range.
            DataError: a parameter is not a Value, is not a leaf, or does not hold
                floats.
        """
        group = groups.checked(self._name, param_group, self.defaults, self._groups)
        self._check_group(group)
        self._groups.append(group)
        self._buckets.append([])
        self._waiting.append(list(range(len(group["params"]))))

    def _check_group(self, group: dict[str, Any]) -> None:
        rule = self._rule_of(group)
        if not isinstance(rule, Rule):
            raise ArgumentError(f"{self._name}: {rule!r} is not a rule; give a function that makes one of the options")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters: `backward()` adds to gradients.

        Args:
            set_to_none: False leaves zeros, which count as gradients: such
                parameters are moved on by their momentum, and decay. A parameter
                without a gradient stays without one, as in PyTorch.
        """
        for group in self._groups:
            had_one = [] if set_to_none else [p for p in group["params"] if has_grad(p)]
            gathering.forget_gradients(group["params"])
            for p in had_one:
                p.grad = np.zeros_like(p.data)

    def step(self, closure: Closure | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss anew and calls `backward()`; its result is
                returned.

        Raises:
            ArgumentError: an option of a group is out of range.
            ShapeError: a parameter has got another shape or dtype since its first step.
        """
        capture = current()
        if capture is not None:
            scheduled = ("lr",) if type(self).make is None else ("lr", "momentum", "betas")
            followed.step(capture, self._groups, self._buckets, self._rule_of, scheduled, closure)
            return None
        loss = None if closure is None else closure()
        rules = [self._rule_of(group) for group in self._groups]
        work = [self._reached(i, rule) for i, rule in enumerate(rules)]  # may refuse: before anything moves
        for i, (rule, (ready, has_changed)) in enumerate(zip(rules, work, strict=True)):
            if rule.move is not None:
                for bucket, g in ready:
                    bucket.advance(rule.move, g, rule.reads)
            elif ready:
                _advance_all(rule, ready)
            if has_changed:
                self._buckets[i] = buckets.merged(self._buckets[i])
        return loss

    def _reached(self, i: int, rule: Rule) -> tuple[list[tuple[Bucket, Any]], bool]:
        """The buckets of a group with a gradient for each parameter, and whether there
        are new ones, for a step that does not reach all parameters of a bucket, or
        reaches some for the first time.
        """
        ready: list[tuple[Bucket, Any]] = []
        kept: list[Bucket] = []
        has_changed = False
        for bucket in self._buckets[i]:
            g = bucket.gradients()
            if g is not None:
                ready.append((bucket, g))
                kept.append(bucket)
                continue
            reached = bucket.reached()
            with_one, without = [[j for j, r in enumerate(reached) if r is wanted] for wanted in (True, False)]
            if not with_one:
                kept.append(bucket)
                continue
            has_changed = True
            part = bucket.part(with_one)
            ready.append((part, part.gradients()))
            kept += [part, bucket.part(without)]
        if self._waiting[i] and (new := self._first_reached(i, rule)):
            has_changed = True
            ready += [(bucket, bucket.gradients()) for bucket in new]
            kept += new
        self._buckets[i] = kept
        return ready, has_changed

    def _first_reached(self, i: int, rule: Rule) -> list[Bucket]:
        """Buckets of the parameters that have a gradient for the first time."""
        params = self._groups[i]["params"]
        places: dict[Any, list[int]] = {}
        for place in self._waiting[i]:
            if has_grad(params[place]):
                places.setdefault(buckets.key_of(params[place], place, rule.joins), []).append(place)
        new = [Bucket(key, [params[j] for j in indices], indices) for key, indices in places.items()]
        for bucket in new:
            bucket.begin(rule)
        if new:
            found = {place for bucket in new for place in bucket.indices}
            self._waiting[i] = [place for place in self._waiting[i] if place not in found]
        return new

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint needs, as PyTorch has it, of numbers and copied arrays.

        `state` has a dictionary for each parameter that has been reached, by its number
        in the order of the groups. `param_groups` has the options, and these numbers.

        Raises:
            CaptureError: a function is being captured, in which the numbers would stay.
        """
        check_is_not_captured(f"{self._name}.state_dict()")
        return saving.state_dict(self._groups, self._buckets)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` gave: the next steps have the same bits.

        The options of the groups become those of the state. The parameters themselves
        are not in it: load the model's own state as well.

        Raises:
            StateError: the state does not fit; the error lists all that does not.
        """
        options = saving.read_groups(self._name, state_dict, self._groups)
        rules = [self._rule_of({**group, **new}) for group, new in zip(self._groups, options, strict=True)]
        loaded = saving.read_states(self._name, state_dict, self._groups, rules)
        for i, (group, new) in enumerate(zip(self._groups, options, strict=True)):
            group.update(new)
            self._buckets[i] = buckets.merged(loaded[i])
            found = {place for bucket in loaded[i] for place in bucket.indices}
            self._waiting[i] = [place for place in range(len(group["params"])) if place not in found]

    def __repr__(self) -> str:
        lines = [f"{self._name} ("]
        for i, group in enumerate(self._groups):
            lines.append(f"Parameter Group {i}: {len(group['params'])} parameters")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name not in groups.NOT_OPTIONS]
        return "\n".join([*lines, ")"])


def _advance_all(rule: Rule, ready: list[tuple[Bucket, Any]]) -> None:
    """One step by a rule that looks at all gradients at once, or at whole arrays."""
    data = [bucket.data() if rule.reads else None for bucket, _ in ready]
    updates, after = rule.move_all([g for _, g in ready], [bucket.state for bucket, _ in ready], data)
    for (bucket, _), update, state in zip(ready, updates, after, strict=True):
        bucket.state = state
        bucket.add(update)
