"""Effects as written -> typed: what is set, to what, what is read, and where it is measured."""
