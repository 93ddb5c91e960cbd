"""What decides a verdict and can be known before a result is, fixed in a file beside the spec."""
