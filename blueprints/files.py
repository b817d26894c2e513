"""What browsers keep: our own files, named by their content."""
from flask import Response, abort, send_file

import assets
from pages import header
from web import ANYONE, Blueprint

blueprint = Blueprint("files", __name__)


@blueprint.page("/static/<path:name>", needs=ANYONE)
def static(name: str) -> Response:
    """One built file. Its name changes with its content, so that it may be kept for ever."""
    found = assets.find(name, "gzip" in header("Accept-Encoding"))
    if found is None:
        abort(404)
    path, mimetype, encoding = found
    response = send_file(path, mimetype=mimetype, conditional=False, etag=False, last_modified=None)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.vary.add("Accept-Encoding")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
