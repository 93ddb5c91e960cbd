"""What is kept: the store of steps, result documents, and what is drawn and compared from them."""
