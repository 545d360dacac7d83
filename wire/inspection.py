"""The inspection protocol: what a tool asks a node, and what it answers.

    request  [req_id, verb, args]          args: a map of plain values
             [req_id, verb, args, body]    body: bytes, for a verb that takes tables
    reply    [req_id, true, value]
             [req_id, false, {"code", "text"}]

One frame each, MessagePack arrays, over a ROUTER of the node for looking, one
for operating, and one for its actors, which answers also while its lane hangs. Rows come in pages: {"rows": [...], "more": bool}; the
next page is asked for with `after`, the key of the last row.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from domain.errors import HedgerowError, WireError
from wire.codec import pack, unpack

VIEW = "view"
OPERATE = "operate"
OBSERVE = "observe"
MAX_REQUEST_BYTES = 4 * 1024
MAX_CHANGE_BYTES = 512 * 1024
"""Of a request to do something: a change of the configuration brings its tables."""
MAX_REPLY_BYTES = 1024 * 1024
MAX_ARGS = 16

BAD_REQUEST = "BAD_REQUEST"
NO_SUCH = "NO_SUCH"
REFUSED = "REFUSED"
TOO_LARGE = "TOO_LARGE"

_Verb = Annotated[str, Meta(min_length=1, max_length=32)]
_Key = Annotated[str, Meta(min_length=1, max_length=32)]
_Text = Annotated[str, Meta(max_length=512)]
_ReqId = Annotated[int, Meta(ge=0, le=1 << 53)]
_Count = Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)]
_Args = Annotated[dict[_Key, _Text | _Count | bool | None], Meta(max_length=MAX_ARGS)]
_Body = Annotated[bytes, Meta(max_length=MAX_CHANGE_BYTES)]


class Unanswerable(HedgerowError):
    """A request that gets an error for an answer; `code` says which."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


class Request(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a tool asks. `body`: tables, where the verb takes some."""

    req_id: _ReqId
    verb: _Verb
    args: _Args = {}
    body: _Body = b""


class Problem(Struct, frozen=True):
    """Why there is no answer: a code for programs, a text for people."""

    code: str
    text: str


class Reply(Struct, frozen=True):
    """What came back: `value`, or why not."""

    req_id: int
    value: Any = None
    problem: Problem | None = None


def encode_request(request: Request) -> bytes:
    """The frame of a request. Raises: WireError where it can't be one."""
    body = pack([request.req_id, request.verb, request.args, *((request.body,) if request.body else ())])
    decode_request(body, MAX_CHANGE_BYTES if request.body else MAX_REQUEST_BYTES)
    return body


def decode_request(body: bytes, most_bytes: int = MAX_REQUEST_BYTES) -> Request:
    """The request in a frame. Raises: WireError for anything else."""
    if len(body) > most_bytes:
        raise WireError(f"a request of {len(body)} bytes, at most {most_bytes}")
    return _typed(unpack(body), Request)


def encode_answer(req_id: int, value: Any) -> bytes:
    """The frame of an answer. Raises: Unanswerable where it is too large."""
    body = pack([req_id, True, value])
    if len(body) > MAX_REPLY_BYTES:
        raise Unanswerable(TOO_LARGE, f"an answer of {len(body)} bytes, at most {MAX_REPLY_BYTES}: ask for less")
    return body


def encode_problem(req_id: int, code: str, text: str) -> bytes:
    """The frame of an error."""
    return pack([req_id, False, {"code": code, "text": text[:1024]}])


def decode_reply(body: bytes) -> Reply:
    """The reply in a frame. Raises: WireError for anything else."""
    if len(body) > MAX_REPLY_BYTES:
        raise WireError(f"a reply of {len(body)} bytes, at most {MAX_REPLY_BYTES}")
    found = unpack(body)
    if not isinstance(found, list) or len(found) != 3:
        raise WireError("a reply is an array of three")
    req_id, answered, value = _typed(found, tuple[_ReqId, bool, Any])
    return Reply(req_id, value) if answered else Reply(req_id, problem=_typed(value, Problem))


def _typed(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=True, builtin_types=(bytes,))  # text is no bytes: base64 is not meant
    except (msgspec.MsgspecError, RecursionError, OverflowError) as error:
        raise WireError(str(error)) from error
