"""The board: what the operator sees of this process's calls and games, live and past. In memory only, and bounded.

A call reports to its `CallNotes`, in one line each, what happens anyway: somebody is there, a code is named, a sentence
was heard or said, the call has ended. Nothing is reported for a frame of audio. The notes keep it in a `Record`, and
the board tells its viewers which records have changed.

    Call, OutgoingCall --> CallNotes --> Record --> Board --> Viewer, each at its own pace --> a page

A viewer has no queue: it remembers what has changed since it was last asked, and gives the newest state of that. One
that is asked seldom gets larger changes, one that was away for too long gets all anew.
"""

from phonegame.board.board import Board as Board
from phonegame.board.board import TooManyViewers as TooManyViewers
from phonegame.board.board import Viewer as Viewer
from phonegame.board.notes import CallNotes as CallNotes
