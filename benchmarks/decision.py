"""One look of the race, as the lab asks for it: microseconds of processor time, early and late in a race and in a lab's life."""

import random
import time
from pathlib import Path

from org.science import explain, race, sigma
from org.science.protocol import Protocol

BASE = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
CANDIDATE = [0.99370, 0.99390, 0.99380, 0.99400, 0.99370, 0.99395, 0.99385, 0.99390]
EARLIER_POOLS = 12
LOOKS = 200


def measure(folder: Path) -> dict[str, float]:
    protocol = Protocol()
    found = {}
    draw = random.Random(0)
    for name, count in (("young", 0), ("old", EARLIER_POOLS)):
        pools = [[value + draw.gauss(0, 0.0005) for value in BASE] for _ in range(count)]
        for runs in (1, 8):
            started = time.process_time()
            for _ in range(LOOKS):
                sigma0, df0 = sigma.earlier(BASE, pools, protocol.earlier_df)
                race.decide(BASE, CANDIDATE[:runs], sigma0=sigma0, df0=df0, protocol=protocol)
            found[f"{name}_lab_{runs}_runs_us"] = round((time.process_time() - started) / LOOKS * 1e6, 1)
    started = time.process_time()
    explain.explain(BASE, CANDIDATE[:4], protocol=protocol)
    return {**found, "explanation_ms": round((time.process_time() - started) * 1e3, 1)}
