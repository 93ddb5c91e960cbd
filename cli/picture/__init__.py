"""The picture of a spec, as SVG: its causal models, where their variables live, what searches found, what holds."""

from .render_picture import render_picture as render_picture
