"""The encodings of databases, as Python knows them."""

_CODECS = {
    "UTF8": "utf-8",
    "LATIN1": "iso8859-1",
    "LATIN2": "iso8859-2",
    "LATIN3": "iso8859-3",
    "LATIN4": "iso8859-4",
    "LATIN5": "iso8859-9",
    "LATIN6": "iso8859-10",
    "LATIN7": "iso8859-13",
    "LATIN8": "iso8859-14",
    "LATIN9": "iso8859-15",
    "LATIN10": "iso8859-16",
    "ISO_8859_5": "iso8859-5",
    "ISO_8859_6": "iso8859-6",
    "ISO_8859_7": "iso8859-7",
    "ISO_8859_8": "iso8859-8",
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
    "WIN866": "cp866",
    "WIN874": "cp874",
    "WIN1250": "cp1250",
    "WIN1251": "cp1251",
    "WIN1252": "cp1252",
    "WIN1253": "cp1253",
    "WIN1254": "cp1254",
    "WIN1255": "cp1255",
    "WIN1256": "cp1256",
    "WIN1257": "cp1257",
    "WIN1258": "cp1258",
    "EUC_JP": "euc_jp",
    "EUC_JIS_2004": "euc_jis_2004",
    "EUC_KR": "euc_kr",
    "EUC_CN": "gb2312",
}
_ANY_BYTES = "SQL_ASCII"


class Conversion:
    """How text gets from one database to the other, by way of UTF-8 in between."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        # A target that takes any bytes takes what it is sent, and that is UTF-8.
        self._into = "utf-8" if target == _ANY_BYTES else _CODECS.get(target)
        self._from = "utf-8" if source == _ANY_BYTES else _CODECS.get(source)

    @property
    def may_fail(self) -> bool:
        """Tell whether there is text that the target cannot hold."""
        return self.source == _ANY_BYTES or (
            self.source != self.target and self.target not in {"UTF8", _ANY_BYTES}
        )

    @property
    def is_known(self) -> bool:
        """Tell whether values can be tried here."""
        return self._into is not None and self._from is not None

    def holds(self, stored: bytes) -> bool:
        """Tell whether the target can hold what the source has stored."""
        if self._from is None or self._into is None:
            return False
        try:
            stored.decode(self._from).encode(self._into)
        except UnicodeError:
            return False
        return True
