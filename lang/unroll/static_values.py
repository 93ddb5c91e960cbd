"""Values that are known before anything is typed: expressions of numbers alone, such as a loop's bound or an index."""

from collections.abc import Callable

from ..syntax.expressions import Call, Conditional, ExpressionSyntax, InRange, InSet, Number, Operation, Symbol, Truth

_INTEGER_OPERATORS: dict[str, Callable[[int, int], int | bool]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_LARGEST = 2**62


def static_value(expression: ExpressionSyntax) -> int | bool | str | None:
    """The expression's value (bool for a truth value, text for a symbol); None where it reads a name or has none.

    What is ill-typed, divides by zero or leaves 62 bits has no value here: the checker of types says what is wrong.
    """
    match expression:
        case Number(value) | Truth(value):
            return value
        case Symbol(label=label):
            return label
        case Operation(operator, operands):
            return _operation(operator, [static_value(operand) for operand in operands])
        case Conditional(condition, then, otherwise):
            chosen = static_value(condition)
            return static_value(then if chosen else otherwise) if isinstance(chosen, bool) else None
        case InSet(element, alternatives, negated):
            values = [static_value(part) for part in (element, *alternatives)]
            if None in values or len({type(value) for value in values}) > 1:
                return None
            return (values[0] in values[1:]) != negated
        case InRange(element, low, high, negated):
            ends = [static_value(part) for part in (element, low, high)]
            if any(type(end) is not int for end in ends):
                return None
            value, lowest, highest = (end for end in ends if isinstance(end, int))
            return (lowest <= value <= highest) != negated
        case Call(function, arguments):
            numbers = [static_value(argument) for argument in arguments]
            if any(type(n) is not int for n in numbers):
                return None
            return _call(function.text, [n for n in numbers if isinstance(n, int)])
        case _:
            return None


def _operation(operator: str, values: list[int | bool | str | None]) -> int | bool | None:
    kinds = {type(value) for value in values}
    if operator in ("and", "or"):
        decisive = operator == "or"
        if any(value is decisive for value in values):
            return decisive
        return None if kinds != {bool} else not decisive
    if len(kinds) != 1 or None in values:
        return None
    first, second = values[0], values[-1]
    assert first is not None
    assert second is not None
    if operator == "not":
        return not first if kinds == {bool} else None
    if operator in ("==", "!="):
        return (first == second) == (operator == "==")
    if not isinstance(first, int) or not isinstance(second, int) or kinds != {int}:
        return None
    if operator in ("//", "%") and second == 0:
        return None
    result = -first if operator == "negate" else _INTEGER_OPERATORS[operator](first, second)
    return result if abs(result) <= _LARGEST else None


def _call(function: str, numbers: list[int]) -> int | None:
    if function == "abs" and len(numbers) == 1:
        return abs(numbers[0])
    if function in ("min", "max") and len(numbers) > 1:
        return min(numbers) if function == "min" else max(numbers)
    return None
