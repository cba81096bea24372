"""What each attribution method is called, what it does, and how many steps it takes; `compute_methods` runs them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sparsecbm.errors import InputError, unknown_name


@dataclass(frozen=True)
class Method:
    """A way to score words.

    `steps` is the default number of steps and None where a method takes none; `steps_help` says what a step is.
    """

    name: str
    title: str
    help: str
    steps: int | None = None
    steps_help: str = ""

    def checked_steps(self, steps: int | None) -> int | None:
        """The number of steps to use; InputError when it is below 1, or when the method takes none."""
        if steps is None:
            return self.steps
        if self.steps is None:
            stepped = ", ".join(method.name for method in METHODS.values() if method.steps is not None)
            raise InputError(f"{self.name} takes no steps, but {steps} were given. Leave the steps out, or use a "
                             f"method that takes them: {stepped}.")
        if steps < 1:
            raise InputError(f"{steps} is not a valid number of steps; allowed: 1 or more. The default for {self.name} "
                             f"is {self.steps}.")
        return steps

    def with_steps(self, steps: int | None) -> str:
        """Title and steps, e.g. "Integrated gradients, 32 steps"."""
        return self.title if steps is None else f"{self.title}, {steps} steps"


#: By name, the default first.
METHODS: Mapping[str, Method] = {method.name: method for method in (
    Method("integrated-gradients", "Integrated gradients",
           "Follows the prediction from an empty text to this one and adds up what each word contributes on the way. "
           "The scores add up to the whole difference.",
           32, "points between the empty text and this one"),
    Method("gradient-x-input", "Gradient × input",
           "The slope at this text alone. Instant, but the scores often do not add up to the difference."),
    Method("occlusion", "Occlusion by word",
           "Blanks out one word at a time and measures what is lost. Words that say the same thing hide each other."),
    Method("shapley", "Shapley value sampling",
           "What a word adds, averaged over random orders of blanking out words. Slow; the scores add up to the whole "
           "difference.",
           25, "random orders of the words"),
)}
DEFAULT_METHOD = next(iter(METHODS))


def method_named(name: str) -> Method:
    """The method of that name; InputError lists them all."""
    if name not in METHODS:
        raise InputError(unknown_name("method", name, tuple(METHODS)))
    return METHODS[name]
