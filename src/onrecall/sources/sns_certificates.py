"""The one thing that reading alerts ever fetches: a certificate of SNS, from an address that was checked before."""

from onrecall.domain.errors import Unavailable

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 64 * 1024


def fetch_certificate(url: str) -> bytes:
    """Fetch a certificate; redirects are not followed, and its size is limited."""
    import httpx  # noqa: PLC0415 - slow to import, and fetched once for each certificate

    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_SECONDS, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise Unavailable(f"the certificate at {url} can't be had: status {answer.status_code}")
            read = b""
            for part in answer.iter_bytes():
                read += part
                if len(read) > MAX_BYTES:
                    raise Unavailable(f"the certificate at {url} is larger than {MAX_BYTES} bytes")
            return read
    except httpx.HTTPError as error:
        raise Unavailable(f"the certificate at {url} can't be had: {error}") from error
