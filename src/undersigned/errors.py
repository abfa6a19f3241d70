"""What can go wrong, in the words of the domain. A class's docstring is its message; `code` never changes."""

from typing import Any

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One field that can't be accepted: an RFC 6901 pointer, a stable code that clients translate, and a sentence."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """Something is not as it should be."""

    code = "error"

    @property
    def detail(self) -> str:
        return (self.__doc__ or "").strip()


class Explained(DomainError):
    """A base for what is explained to whoever meets it in words of its own, which it is raised with."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    @property
    def detail(self) -> str:
        return self.why


class InvalidFields(DomainError):
    """Some fields need a correction."""

    code = "invalid_fields"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(", ".join(f"{error.pointer} {error.code}" for error in errors))
        self.errors = errors


class MalformedRequest(DomainError):
    """The request is not well-formed."""

    code = "malformed_request"


class BodyTooLarge(DomainError):
    """The body is larger than 16 KiB."""

    code = "body_too_large"


class BodyTooSlow(DomainError):
    """The body of this request did not come in time."""

    code = "body_too_slow"


class RequestAborted(DomainError):
    """The client went away before its request was whole."""

    code = "request_aborted"


class StatementNotFound(DomainError):
    """There is no statement under this address."""

    code = "statement_not_found"


class StatementNotOpen(DomainError):
    """This statement can't be endorsed yet."""

    code = "statement_not_open"


class StatementClosed(DomainError):
    """This statement no longer takes endorsements."""

    code = "statement_closed"


class StatementChanged(DomainError):
    """Something was submitted under this text, so it can't change: publish the new text as a new statement, under a new slug."""

    code = "statement_changed"


class StatementInvalid(Explained):
    """The statement's directory is incomplete or wrong."""

    code = "statement_invalid"


class StatementSealed(DomainError):
    """The log of this statement is sealed: its counts are final."""

    code = "statement_sealed"


class Refused(Explained):
    """This can't be done now."""

    code = "refused"


class LinkInvalid(DomainError):
    """This link is incomplete or was changed on its way. Open it again from the mail, whole."""

    code = "link_invalid"


class LinkExpired(DomainError):
    """This link has expired."""

    code = "expired"


class EndorsementRejected(DomainError):
    """This endorsement was rejected and can't be confirmed."""

    code = "rejected"


class ClaimNotFound(DomainError):
    """No claim with this id waits for a look."""

    code = "claim_not_found"


class LogNotStarted(DomainError):
    """Nothing was signed in this log yet, or not with its key: there is no checkpoint that a new generation could cite."""

    code = "log_not_started"


class TooManyRequests(DomainError):
    """Too many requests came from your network. Please try again later."""

    code = "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class TurnNeeded(TooManyRequests):
    """Many are signing at this moment. Send the same again, with this turn, once it has come."""

    code = "turn_needed"

    def __init__(self, turn: str, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.turn = turn


class ProofNeeded(DomainError):
    """Much comes at once, or this is no application/json: solve the challenge, and send the same again with it in `proof`."""

    code = "proof_needed"

    def __init__(self, challenge: dict[str, Any]) -> None:
        super().__init__()
        self.challenge = challenge


class TooManyOffers(DomainError):
    """This organisation offered its representative's place three times within a day, and can again a day after the first."""

    code = "too_many_offers"


class Unavailable(DomainError):
    """This can't be done at the moment. Please try again in a few seconds; nothing that was confirmed is lost."""

    code = "unavailable"


class NoRoom(Unavailable):
    """There is no room for new signatures right now. Please try again in some minutes; confirming and withdrawing work."""

    code = "no_room"


class KeyRefused(DomainError):
    """This needs a valid key with the right scope in the Authorization header."""

    code = "key_refused"


class PartnerUnknown(DomainError):
    """There is no such partner in force."""

    code = "partner_unknown"


class PartnerExists(DomainError):
    """There is such a partner already: change it, or remove it first."""

    code = "partner_exists"


class OriginInvalid(Explained):
    """This is no address or origin of a site: https://, its name, and a port if need be."""

    code = "origin_invalid"

    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} is no origin of a site: https://, its name, and a port if need be, and no more.")


class OriginRefused(Explained):
    """This statement can be signed on its own page and on its partners' sites, and this request came from elsewhere."""

    code = "origin_refused"

    def __init__(self, statement_url: str) -> None:
        super().__init__(f"This statement can't be signed on this site. It can on its own page: {statement_url}")
        self.statement_url = statement_url


class InstallationChanged(Explained):
    """The pepper or the identity rules differ from those this database was filled with."""

    code = "installation_changed"


class NameNotFound(DomainError):
    """No such name waits for a look or is shown, or it was changed since you looked: list them again."""

    code = "name_not_found"


class ReportNotFound(DomainError):
    """No report with this id is open."""

    code = "report_not_found"


class ExportCut(DomainError):
    """The export was cut: it was read too slowly, or the database went away. What came of it is not all; please begin anew."""

    code = "export_cut"
