"""What can go wrong between a dropped file and a report that is understood."""

from resources.domain.errors import PermanentError, TransientError


class WorkbookUnavailableError(TransientError):
    """The file is not there, or may not be read at the moment."""


class WorkbookUnreadableError(PermanentError):
    """The file is no sound .xlsx workbook; the same file will fail again."""


class WorkbookTooLargeError(PermanentError):
    """The workbook would take more memory than it may; nothing of it was kept."""


class WorkbookLayoutUnknownError(PermanentError):
    """The workbook is sound, but the sheets or columns that are needed were not found by name or by code."""
