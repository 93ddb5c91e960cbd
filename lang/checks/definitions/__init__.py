"""Types, tables and functions as written -> finite domains, finite functions and typed bodies."""
