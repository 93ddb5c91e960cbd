"""What can go wrong outside the spec: the environment's problems, told apart from verdicts and from bugs of ours."""


class EnvironmentProblem(Exception):
    """Something that the spec relies on is missing or broken: a checkpoint, a device, finite activations."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


class EngineRefusal(Exception):
    """A term that an engine cannot evaluate rightly, and therefore refuses by name."""
