"""Every error a user can meet: a status for HTTP, a plain sentence that says what to do."""


class EstatesError(Exception):
    """Something the person can understand and act on; never a programming error.

    `status` is the HTTP status of the problem document (RFC 9457); on the command line
    every EstatesError is one line and exit code 2.
    """

    status = 500
    title = "The service failed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def for_operator(self) -> str:
        """The sentence as whoever runs the service may read it."""
        return self.detail


class BadInput(EstatesError):
    """A file, parameter or value is wrong; the detail names it and says what would be right."""

    status = 400
    title = "Bad input"


class KeyNeeded(EstatesError):
    """What was asked for is served only with a key."""

    status = 401
    title = "A key is needed"


class NotAllowed(EstatesError):
    """The key that was sent is known, and is not for what was asked."""

    status = 403
    title = "Not allowed"


class NotFound(EstatesError):
    """There is nothing by that name."""

    status = 404
    title = "Not found"


class Gone(EstatesError):
    """There was something by that name, and it was withdrawn; the detail says why."""

    status = 410
    title = "Gone"


class Conflict(EstatesError):
    """What was asked would break a rule of the record, such as changing a published list; `rule` is its name, where
    the rules have names."""

    status = 409
    title = "Conflict"

    def __init__(self, detail: str, rule: str | None = None) -> None:
        super().__init__(detail)
        self.rule = rule


class Unavailable(EstatesError):
    """Something the service needs is not there just now: the database, a program, a reference table.

    `said` is what a server or program said of it, with addresses and names: for the operator, never for a request.
    """

    status = 503
    title = "Not available"

    def __init__(self, detail: str, said: str | None = None) -> None:
        super().__init__(detail)
        self.said = said

    def for_operator(self) -> str:
        """The sentence with what was said."""
        return f"{self.detail}: {self.said}" if self.said else self.detail
