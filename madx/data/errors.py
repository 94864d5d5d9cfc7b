"""The one error of data that cannot be used."""


class DataError(ValueError):
    """Data that cannot be read or used; the message is one line that names the file, the line and the remedy."""
