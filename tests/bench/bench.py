#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Side by side with other clients, in one run, on this machine: tests/bench/bench.py [BUILD] [MEASURE...] [-n RUNS] [--long].

Every figure is measured here and now: medians of RUNS (5) runs that take turns, and the ratio to each peer. With other load on
the machine only the ratios mean something. A peer that needs longer than 30 s for a measure runs it once; -n 1 leaves the slowest out."""

import argparse
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contrib"), str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
import calls  # noqa: E402
import chat  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402
import history  # noqa: E402
import login  # noqa: E402
import media  # noqa: E402
import sealed  # noqa: E402
import start  # noqa: E402

MEASURES = {m.__name__: m for m in (start.first_screen, start.roster, start.idle, chat.typing, chat.flood, login.offline, login.archive,
                                    history.stored, history.store, sealed.omemo, history.parser, history.picture, calls.call_setup, calls.call_cost,
                                    calls.call_screen, calls.call_many, media.call_latency, media.call_loss)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default=str(ROOT / "build" / "release"))
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("-n", "--runs", type=int, default=int(os.environ.get("SOTTO_BENCH_RUNS", 5)))
    parser.add_argument("--long", action="store_true", default=os.environ.get("SOTTO_LONG") == "1")
    args = parser.parse_args()
    unknown = set(args.measures) - set(MEASURES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: the measures are {', '.join(MEASURES)}")
    began = time.monotonic()
    bench = harness.Bench(args.build, args.runs, args.long)
    print(f"{'':48}{''.join(f'{k.name:>10}' for k in clients.ALL)}{'aim':>8}  verdict    ratios (wanted)")
    try:
        for name in args.measures or MEASURES:
            before = time.monotonic()
            MEASURES[name](bench)
            print(f"  {name}: {time.monotonic() - before:.0f} s", file=sys.stderr, flush=True)
    finally:
        bench.close()
    bench.summary()
    print(f"bench: {len(bench.figures)} rows, {args.runs} runs, {time.monotonic() - began:.0f} s")
    return 0 if bench.figures else 1


sys.exit(main())
