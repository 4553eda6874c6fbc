"""One question to a server, and the patience to ask again.

`requests` does the talking, so proxies and certificates are set as for any other Python program.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple, final

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from bonafide.types import InputError

_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_CLOSED: Final = frozenset({401, 403})
NO_SUCH_RANGE: Final = 416


class Patience(NamedTuple):
    """How long a server is asked again.

    Args:
        tries: attempts in a row that may bring nothing before it is given up.
        pause: seconds before the second attempt; each further one waits twice as long.
        longest: most seconds between two attempts, even if the server asks for more.
        timeout: seconds without a byte after which a connection counts as broken.
    """

    tries: int = 8
    pause: float = 1.0
    longest: float = 120.0
    timeout: float = 30.0


class BrokenError(Exception):
    """An attempt that failed in a way that may pass.

    Args:
        reason: in a few words.
        wait: seconds that the server asks for.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class StoppedError(Exception):
    """Somebody else ended the work."""


@final
class Attempts:
    """Counts attempts that brought nothing, and waits between them.

    Args:
        address: what is asked for, for the message.
        patience: how often and how long.
        stop: ends the waiting.
    """

    def __init__(self, address: str, patience: Patience, stop: threading.Event) -> None:
        self._address, self._patience, self._stop = address, patience, stop
        self._failures = 0

    def progressed(self) -> None:
        """The last attempt brought something: patience starts anew."""
        self._failures = 0

    def failed(self, broken: BrokenError) -> None:
        """Waits before the next attempt.

        Raises:
            InputError: there were enough of them.
            StoppedError: the waiting was ended.
        """
        self._failures += 1
        if self._failures >= self._patience.tries:
            raise InputError(
                f"{self._address}: {broken} ({self._failures} attempts); check the network and run the same "
                "command again, what has been fetched is kept"
            ) from broken
        # Beyond 2**16 the pause is the longest anyway, and a float would overflow at last.
        pause = self._patience.pause * 2 ** min(self._failures - 1, 16)
        if self._stop.wait(min(max(pause, broken.wait), self._patience.longest)):
            raise StoppedError


def session(connections: int) -> requests.Session:
    """Connections that are kept open for several questions, at most so many at a time."""
    made = requests.Session()
    made.headers["User-Agent"] = "bonafide (research on audio deepfakes)"
    # Archives are compressed already, and the bytes on the wire must be those that the checksum is of.
    made.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(pool_connections=connections, pool_maxsize=connections))
    return made


@contextmanager
def answer(
    talk: requests.Session,
    method: str,
    address: str,
    patience: Patience,
    headers: Mapping[str, str] | None = None,
) -> Iterator[requests.Response]:
    """The answer to one question; its body is read inside the block, from `raw`.

    Raises:
        BrokenError: asking again may help; also when the connection breaks inside the block.
        InputError: asking again is of no use.
    """
    try:
        with talk.request(
            method, address, headers=headers, stream=True, timeout=patience.timeout, allow_redirects=True
        ) as response:
            _refuse(response, address)
            yield response
    except (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    ) as e:
        raise InputError(f"{address} is not an address that can be fetched; it starts with https://") from e
    except requests.exceptions.SSLError as error:
        raise BrokenError(f"no secure connection ({_brief(error)})") from error
    except requests.Timeout as error:
        raise BrokenError(f"no answer within {patience.timeout:g} s") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise BrokenError(f"the connection broke ({_brief(error)})") from error


def _refuse(response: requests.Response, address: str) -> None:
    """Raises unless the answer is what was asked for, or says that a range is not there."""
    status = response.status_code
    if status in _BUSY:
        raise BrokenError(
            f"the server is busy (HTTP {status})", _wait(response.headers.get("Retry-After", ""))
        )
    if status in _CLOSED:
        raise InputError(
            f"{address} may not be fetched by everyone (HTTP {status}); open its page in a browser, log in "
            "or accept its terms, and fetch it by hand"
        )
    if status >= 400 and status != NO_SUCH_RANGE:
        raise InputError(f"{address} is not there (HTTP {status}); it may have moved, look for it by hand")


def _wait(said: str) -> float:
    """Seconds of a `Retry-After`: a number, or a date."""
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        when = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return 0.0
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _brief(error: Exception) -> str:
    """The innermost reason, without the objects that `requests` prints around it."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__ or inner
    said = " ".join(str(inner).split())
    return said[:100] or type(inner).__name__
