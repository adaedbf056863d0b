"""Command line of the trainer. Exit 0 done, 1 broken, 2 bad usage, 3 a training run that failed by itself (NaN, no memory),
4 a training run that was stopped by SIGTERM and goes on when its command is repeated."""

import sys

from trainer.measure import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
