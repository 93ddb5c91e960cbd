"""Diagnostics for other programs: rows of plain data, as `render_json` gives them, to the formats that tools read."""
