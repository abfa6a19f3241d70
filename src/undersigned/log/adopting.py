"""Adopting: a place that has nothing of a log, or something damaged, gets a released checkpoint once it was compared."""

from collections.abc import Sequence

from undersigned.database.connection import Database
from undersigned.errors import LogNotStarted, Refused
from undersigned.log import heads, keeping
from undersigned.log.heads import Objection, Sealer
from undersigned.log.keeping import Kept


async def adopt(
    db: Database, sealer: Sealer, statement: str, checkpoint: str | None = None, actor: str = "console"
) -> tuple[int, Objection | None]:
    """Keeps a released checkpoint in every place: the text given, or the newest that any place has.

    Returns how many entries it is over, and what still speaks against signing: that the database is behind it. Otherwise the log
    goes on, whoever had stopped it. Raises LogNotStarted, or Refused, with nothing changed: if this log's key didn't sign it, if
    more was released, or if the database disagrees with what is already kept. Raises OSError if a place can't be used.
    """
    async with db.session() as session:
        head, seen = await heads.look(session, sealer, statement)
        if head is None:
            raise LogNotStarted
        vkey = head.vkey or sealer.vkey(head.origin)
        valid = {text: heads.size_of(text, vkey) for text in _kept_of(seen, head.generation)}
        text = checkpoint if checkpoint is not None else max(valid, key=valid.__getitem__, default="")
        size = heads.size_of(text, vkey)
        if not size:
            raise Refused(
                f"This is no checkpoint that {head.origin} signed: give one with --checkpoint, a file or the address of "
                "the log's own `checkpoint`."
            )
        if size < max(head.released_size, *valid.values(), 0):
            raise Refused(f"More entries were released than the {size} that it is over: give the newest.")
        for kept, its_size in valid.items():
            reason = await heads.difference(session, sealer, head, kept) if its_size and kept != text else None
            if reason and its_size <= head.size:
                raise Refused(f"What is kept already speaks against it: {reason}")
        written = keeping.write_everywhere(seen, statement, head.generation, text)
        if written is None:
            raise Refused("Something else was kept meanwhile: try again.")
        objection = await heads.objection(session, sealer, head, written)
        why, keeper = (objection.reason, objection.keeper) if objection else (None, None)
        await session.execute(session.q.log.adopt, statement, why, keeper, actor, size)
        return size, objection


def _kept_of(seen: Sequence[Kept], generation: int) -> list[str]:
    return [each.texts[generation] for each in seen if generation in each.texts]
