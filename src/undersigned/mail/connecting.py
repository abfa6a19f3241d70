"""The way in to a relay: dialling, greeting, securing and logging in; and what stood in the way, in words that name no secret."""

import asyncio
import socket
import ssl
from functools import cache
from ipaddress import ip_address

import aiosmtplib
import msgspec

from undersigned.addressing import Relay
from undersigned.mail.refusals import Away, status_of

DIAL_S = 15


async def let_in(relay: Relay, site: str, patience_s: float) -> aiosmtplib.SMTP:
    """A connection that has greeted as `site`, is secured as `relay` wants it, and has logged in. Raises Away."""
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        use_tls=relay.implicit_tls,
        start_tls=False,
        tls_context=tls_context(relay.tls == "verify", relay.cafile),
        local_hostname=relay.ehlo or _greeting(site),
        timeout=patience_s,
    )
    try:
        await _connect(client, relay)
        secured = relay.implicit_tls or relay.tls == "off" or await _start_tls(client, must=relay.tls == "verify")
        if secured and relay.password is not None:
            await _log_in(client, relay.user or "", relay.password)
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise Away(f"the relay can't be used: {_named(error)}", is_alarm=_is_about_certificates(error)) from None
    except BaseException:
        client.close()
        raise
    if not secured:  # as RFC 7435 has it: better in the clear than not at all, where nothing asks for more
        return await let_in(msgspec.structs.replace(relay, tls="off"), site, patience_s)
    return client


async def _connect(client: aiosmtplib.SMTP, relay: Relay) -> None:
    dialled = await _dialled(relay)
    try:
        await client.connect(sock=dialled)
    except BaseException:
        dialled.close()
        raise
    await _greet(client)


async def _dialled(relay: Relay) -> socket.socket:
    """A connection to the first address of the relay that answers within a while. Raises OSError."""
    loop, fault = asyncio.get_running_loop(), OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(relay.host, relay.port, type=socket.SOCK_STREAM):
        found = socket.socket(family, kind, protocol)
        found.setblocking(False)
        try:
            await asyncio.wait_for(loop.sock_connect(found, address), DIAL_S)
        except OSError as error:
            found.close()
            fault = error
        except BaseException:
            found.close()
            raise
        else:
            return found
    raise fault


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


async def _start_tls(client: aiosmtplib.SMTP, *, must: bool) -> bool:
    """Secures the connection if the relay offers to. False: that failed, and the connection is lost."""
    if not client.supports_extension("starttls"):
        if must:
            raise Away("the relay offers no STARTTLS", is_alarm=True)
        return True
    try:
        await client.starttls()
    except (aiosmtplib.SMTPException, OSError):
        if must:
            raise
        client.close()
        return False
    await _greet(client)
    return True


async def _log_in(client: aiosmtplib.SMTP, user: str, password: str) -> None:
    """One try, by one method: a relay locks out whoever tries a wrong password again and again."""
    methods = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
    method = next((methods[name] for name in methods if name in client.supported_auth_methods), None)
    if method is None:
        raise Away("the relay offers no way to log in that is known here", is_alarm=True)
    try:
        await method(user, password)
    except aiosmtplib.SMTPAuthenticationError as error:
        status, refused = status_of(error.code, error.message), error.code >= 500
        # RFC 4954, 6: after 454 4.7.0 it is the relay that can't look them up, and they may be right.
        said = "refuses user or password" if refused else "can't check user and password at the moment"
        raise Away(
            f"the relay {said}: AUTH {error.code} {status}".rstrip(),
            is_alarm=refused,
            is_login=refused,
        ) from None


@cache
def tls_context(is_verified: bool, cafile: str | None) -> ssl.SSLContext:
    """One for all connections of this process: making one reads every certificate of the system's."""
    context = ssl.create_default_context(cafile=cafile)
    if not is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _causes(error: BaseException | None) -> list[BaseException]:
    return [error, *_causes(error.__cause__ or error.__context__)] if error else []


def _is_about_certificates(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _named(error: BaseException) -> str:
    """What went wrong, without anything that the relay said in its own words."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate isn't accepted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({cause.reason})"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"it answered {error.code} {status_of(error.code, error.message)}".rstrip()
    if isinstance(error, TimeoutError):
        return "it doesn't answer in time"
    errors = [cause for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror]
    return errors[-1].strerror if errors and errors[-1].strerror else type(error).__name__


def _greeting(site: str) -> str:
    try:
        address = ip_address(site)
    except ValueError:
        return site
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"
