"""Refusals: whose trouble a reply of the relay is. Only what its status says to be the recipient's is booked on the recipient."""

import re
from typing import Literal

Phase = Literal["MAIL", "RCPT", "DATA", "text"]
# RFC 3463, 3.2 and 3.3, and RFC 7505: no such mailbox or domain, no address, moved away, takes no mail; and the mailbox's state.
RECIPIENTS_FAULT = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.\d{1,3})")
# An x.1 or x.2 says that it is about an address or a mailbox; a 4xx without any is most often so.
RECIPIENTS_STATE = re.compile(r"4\.[12]\.\d{1,3}|")
# But x.1.7 and x.1.8 are about the sender's address, and x.3 is about the relay itself: all mail is answered so. (Not x.7, which
# greylisting says of each new recipient.)
RELAYS_STATE = re.compile(r"4\.(1\.[78]|3\.\d{1,3})")


class Undelivered(Exception):
    """A mail wasn't taken, for the reason in the message, which never names an address."""


class Refused(Undelivered):
    """The recipient can't get this mail, for good."""


class PutOff(Undelivered):
    """This mail has to wait. `runs_out` says whether it is about the recipient, who is given up after five days."""

    def __init__(self, reason: str, *, runs_out: bool) -> None:
        super().__init__(reason)
        self.runs_out = runs_out


class Unclear(PutOff):
    """Nothing says that it is the recipient's doing, and it doesn't pass by itself: it may well be about us, or the relay."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, runs_out=False)


class Unsure(Undelivered):
    """The relay had the whole mail, and its answer was lost: it may be delivered or not."""


class Closed(Undelivered):
    """This connection takes no more; the mail wasn't offered on it."""


class Away(Undelivered):
    """The relay takes nothing from us at the moment. With `is_alarm`, somebody has to mend a setting first."""

    def __init__(self, reason: str, *, is_alarm: bool = False, is_login: bool = False) -> None:
        super().__init__(reason)
        self.is_alarm = is_alarm
        self.is_login = is_login


def status_of(code: int, text: str) -> str:
    """The enhanced status of a reply (RFC 3463), or the empty string where there is none of its class."""
    found = re.match(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)", text)
    return found[1] if found and found[1][0] == str(code)[:1] else ""


def judged(phase: Phase, code: int, text: str) -> Undelivered:
    """What a reply that isn't a yes means for this one mail."""
    status = status_of(code, text)
    reason = f"{phase} {code} {status}".rstrip()
    if code < 500 and RELAYS_STATE.fullmatch(status):
        return Unclear(reason)
    if code < 500:
        return PutOff(reason, runs_out=phase == "RCPT" and RECIPIENTS_STATE.fullmatch(status) is not None)
    if phase == "RCPT" and RECIPIENTS_FAULT.fullmatch(status):
        return Refused(reason)
    return Unclear(reason)
