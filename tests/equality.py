"""The task that the wired networks of the gallery do, and the model that they follow; fill in the last symbol."""

EQUALITY = """
task equality {
  input  w, x, y, z: 0..%s
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
model both_equalities for equality {
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}"""
