"""A Reticulum application for the interop test: attaches to the rnsd of a configuration folder.

usage: peer.py CONFIG_DIR
Prints one JSON object a line: its destination first, then what happens. Takes commands on stdin, one a line:
  announce             makes the destination known
  send HASH TEXT       sends TEXT as one packet to an announced destination, and reports the proof of delivery
"""

import json
import os
import sys
import time

import RNS

events = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # the library prints to stdout


def say(**event):
    events.write(json.dumps(event) + "\n")
    events.flush()


class Announces:
    aspect_filter = "fipsradio.interop"

    def received_announce(self, destination_hash, announced_identity, app_data):
        say(event="announce", hash=destination_hash.hex(), data=(app_data or b"").decode())


def received(data, packet):
    say(event="message", text=data.decode())


def send(target, text):
    identity = RNS.Identity.recall(target)
    if identity is None:
        return say(event="unknown", hash=target.hex())
    out = RNS.Destination(identity, RNS.Destination.OUT, RNS.Destination.SINGLE, "fipsradio", "interop")
    started = time.time()
    receipt = RNS.Packet(out, text.encode()).send()
    receipt.set_timeout(60)
    receipt.set_delivery_callback(lambda r: say(event="proof", seconds=round(time.time() - started, 3)))
    receipt.set_timeout_callback(lambda r: say(event="noproof"))


RNS.Reticulum(sys.argv[1], require_shared_instance=True)
RNS.Transport.register_announce_handler(Announces())
here = RNS.Destination(RNS.Identity(), RNS.Destination.IN, RNS.Destination.SINGLE, "fipsradio", "interop")
here.set_packet_callback(received)
here.set_proof_strategy(RNS.Destination.PROVE_ALL)
say(event="up", hash=here.hash.hex())
for line in sys.stdin:
    command, *rest = line.split(None, 2)
    if command == "announce":
        here.announce(app_data=b"hello")
    elif command == "send":
        send(bytes.fromhex(rest[0]), rest[1].strip())
os._exit(0)
