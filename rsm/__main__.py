"""Run the command line as `python -m rsm`."""

from rsm.cli import run

if __name__ == "__main__":
    run()
