"""The entry points: command-line verbs, board, audit, stages."""
