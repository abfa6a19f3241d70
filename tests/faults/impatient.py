"""The app, with less patience for whoever reads an export slowly: a test can't wait for as long as the app does."""

from litestar import Litestar

from undersigned.readers import exports
from undersigned.web import app
from undersigned.web.exchange import downloads

exports.WAIT_S = 1
downloads.PIECE_TIMEOUT_S = 4


def create() -> Litestar:
    return app.create()
