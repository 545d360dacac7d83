"""`./hedgerow VERB` and `python -m tools VERB` begin here."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> None:
    """Run the verb and end the process with its exit code."""
    from tools.cli import run

    sys.exit(run(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    main()
