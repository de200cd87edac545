"""What is wrong with what a person wrote, on which line, and how is it mended?"""

from __future__ import annotations

from maestro_contracts.records import Problem


class SpecificationError(ValueError):
    """This text cannot be read as a specification. `line` counts from 1; 0 means the text as a whole."""

    def __init__(self, line: int, reason: str, mend: str) -> None:
        where = f"line {line}: " if line else ""
        super().__init__(f"{where}{reason}. {mend}")
        self.line = line
        self.reason = reason
        self.mend = mend

    @property
    def problem(self) -> Problem:
        where = f"the specification, line {self.line}: " if self.line else "the specification: "
        return Problem("structural", where + self.reason, self.mend)
