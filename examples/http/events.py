"""Writes events with Python's standard library: BITACORA_URL and BITACORA_API_KEY say where to."""

import json
import os
import random
import time
import urllib.error
import urllib.request


def uuid7():
    value = (int(time.time() * 1000) << 80) | random.SystemRandom().getrandbits(80)
    value = (value & ~(0xF << 76)) | (7 << 76)  # version
    value = (value & ~(0x3 << 62)) | (2 << 62)  # variant
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def event(action, actor, **fields):
    """The id is made here, before the first attempt, so that repeating is harmless."""
    return {"id": uuid7(), "action": action, "actor": actor, **fields}


def store(events, attempts=8):
    """Sends events until the server has answered for each of them; a rejected one is in the answer's results."""
    request = urllib.request.Request(
        os.environ["BITACORA_URL"] + "/v1/events",
        data=json.dumps(events).encode(),
        headers={
            "Authorization": "Bearer " + os.environ["BITACORA_API_KEY"],
            "Content-Type": "application/json",
        },
    )
    for attempt in range(attempts):
        wait = random.uniform(0, min(60, 0.5 * 2**attempt))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code not in (408, 425, 429) and refused.code < 500:
                return json.load(refused)
            wait = float(refused.headers.get("Retry-After", wait))
        except OSError:
            pass  # no answer: it may be stored or not
        time.sleep(wait)
    raise RuntimeError("not stored: keep the events")


if __name__ == "__main__":
    ana = {"id": "ana", "name": "Ana Torres", "role": "accountant"}
    events = [
        event("invoice.approve", ana, target={"type": "invoice", "id": "1042"}, attributes={"from": "python"}),
        event("invoice.print", ana, target={"type": "invoice", "id": "1042"}, attributes={"from": "python"}),
        event("not one word", ana),
    ]
    first, again = store(events), store(events)
    print("accepted", first["accepted"], "rejected", first["rejected"], "duplicates", again["duplicates"])
