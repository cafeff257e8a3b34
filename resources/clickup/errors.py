"""What can go wrong with ClickUp, by what the caller may do next: repeat, look first, wait, change something."""

from datetime import UTC, datetime

from resources.domain.errors import PermanentError, TransientError, WaybillError


class ClickUpError(WaybillError):
    """Whatever ClickUp, or the road to it, did not do as asked."""


class ClickUpUnreachableError(ClickUpError, TransientError):
    """Nothing was sent, or a read got no good answer: a repeat is safe."""


class ClickUpUnclearError(ClickUpError, TransientError):
    """Bytes of a write left and no clear answer came: it may have happened. Look before repeating."""


class ClickUpBusyError(ClickUpError, TransientError):
    """The budget of calls is spent, or ClickUp says that its limit is: the call was not carried out.

    Attributes:
        retry_at: when the next call may go out, by this machine's clock.
    """

    def __init__(self, where: str, *, expected: str, found: str, remedy: str, retry_at: datetime) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.retry_at = retry_at

    def wait_s(self) -> float:
        """Seconds from now until ``retry_at``; zero when it has passed."""
        return max(0.0, (self.retry_at - datetime.now(UTC)).total_seconds())


class ClickUpRefusedError(ClickUpError, PermanentError):
    """ClickUp understood and said no: an unknown status, a place that the token cannot reach, storage that is full.

    Attributes:
        status: of the HTTP answer.
        ecode: ClickUp's code, such as ``OAUTH_027``; None when the answer has none.
        said: ClickUp's own words, cut to a line.
    """

    def __init__(
        self, where: str, *, expected: str, found: str, remedy: str, status: int, ecode: str | None, said: str
    ) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.status, self.ecode, self.said = status, ecode, said


class ClickUpGoneError(ClickUpRefusedError):
    """ClickUp itself says that the thing is not there any more; a 404 of something between us does not count."""


class ClickUpCredentialsError(ClickUpError, PermanentError):
    """There is no token, or ClickUp takes it no more: every call fails until somebody sets another."""


class ClickUpAnswerError(ClickUpError, PermanentError):
    """A read was answered with something that the API does not promise: the message names the field.

    Attributes:
        field: by dots from the top of the answer, such as ``tasks.3.due_date``.
    """

    def __init__(self, where: str, *, expected: str, found: str, remedy: str, field: str) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.field = field
