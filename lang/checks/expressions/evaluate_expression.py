"""The value of a typed expression for given values of its variables, one setting at a time."""

from collections.abc import Callable, Mapping

from ...expressions import Apply, Constant, Expression, Listing, Variable

_OPERATORS: dict[str, Callable[..., int]] = {
    "or": lambda a, b: int(bool(a) or bool(b)),
    "and": lambda a, b: int(bool(a) and bool(b)),
    "not": lambda a: int(not a),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "negate": lambda a: -a,
    "min": min,
    "max": max,
    "abs": abs,
    "if": lambda condition, then, otherwise: then if condition else otherwise,
    "in": lambda element, *alternatives: int(element in alternatives),
}


def evaluate_expression(expression: Expression, values: Mapping[str, int]) -> int:
    """The value: numbers are themselves, symbols their index, booleans 0 and 1.

    Raises:
        KeyError: a variable without a value.
        ZeroDivisionError: a divisor is 0.
    """
    match expression:
        case Constant(value):
            return value
        case Variable(name):
            return values[name]
        case Listing():
            raise AssertionError("a listing is read by `lookup` alone")
        case Apply("lookup", (Listing(listed), code)):
            return listed[evaluate_expression(code, values)]
        case Apply(operator, arguments):
            return _OPERATORS[operator](*(evaluate_expression(argument, values) for argument in arguments))
