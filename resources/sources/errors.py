"""What can go wrong between a source and the bytes of a document."""

from resources.domain.errors import PermanentError, TransientError


class ListingFailedError(TransientError):
    """The source could not be looked at whole, so nothing is known of what it holds: never an empty result."""


class SourceUnavailableError(TransientError):
    """The document is there, but its storage failed while it was read."""


class DocumentVanishedError(TransientError):
    """The document went away after it was listed; the next listing tells whether it is gone."""


class DocumentForbiddenError(TransientError):
    """Waybill may not read the document; it can as soon as a person has granted that."""


class DocumentChangingError(TransientError):
    """The document was written to during every attempt to read it."""


class DocumentTooLargeError(PermanentError):
    """The document is larger than the limit, and is not read."""


class UriUnsupportedError(PermanentError):
    """The address is of a kind that cannot be read."""


class NotADocumentError(PermanentError):
    """The address names a folder, a pipe, a device, a link or an unknown kind of file."""
