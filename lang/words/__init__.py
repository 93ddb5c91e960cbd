"""The words of the language: which there are, what they mean, and which look like others."""
