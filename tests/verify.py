#!/usr/bin/env python3
"""Checks an exported log without the program that wrote it: `verify.py LOG.jsonl --key VKEY [--checkpoint FILE]`.

Nothing but Python's standard library. The tree is RFC 6962, notes and keys are C2SP signed-note, signatures Ed25519 (RFC 8032).
Prints the first thing that is wrong and exits 1, or prints size and root, to be compared with a checkpoint on paper, and exits 0.
"""

import argparse
import base64
import hashlib
import json
import sys

# Ed25519, for verifying only: nothing here is secret, so it may take its time.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return x * y % P, z * t % P, y * z % P, x * t % P


def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def decompress(data):
    sign, y = data[31] >> 7, int.from_bytes(data, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, text, signature):
    point, commitment, scalar = decompress(key), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or point is None or commitment is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    left, right = times(scalar, BASE), add(commitment, times(challenge, point))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


class Wrong(Exception):
    pass


def expect(holds, where, what):
    if not holds:
        raise Wrong(f"{where}: {what}")


def read_key(text):
    name, identity, key = text.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    digest = hashlib.sha256(name.encode() + b"\n" + key).digest()
    expect(key[0] == 1 and len(key) == 33 and digest[:4].hex() == identity, "key", "mistyped")
    return name, digest[:4], key[1:]


def open_checkpoint(note, keys, where):
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    believed = set()
    for line in lines.splitlines():
        dash, name, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        for known, identity, key in keys:
            if (known, identity) == (name, signature[:4]):
                expect(dash == "—" and signed(key, text.encode(), signature[4:]), where, "the signature does not fit")
                believed.add(name)
    origin, size, root, at = text.split("\n")[:4]
    expect(origin in believed, where, "not signed by a key that was given")
    return int(size), base64.b64decode(root, validate=True), at


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Tree:
    """The roots of the perfect subtrees, largest first."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def append(self, leaf):
        size = self.size
        while size & 1:
            leaf, size = sha(b"\1", self.peaks.pop(), leaf), size >> 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha()
        root = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            root = sha(b"\1", left, root)
        return root


def verify(lines, keys, outside):
    tree, checkpoints, chain, logged = Tree(), [], None, {}
    counts = {"checkpoint": 0, "case": 0, "act": 0, "entry": 0}

    def close():
        if chain:
            expect((chain["seq"], chain["digest"].hex()) == (chain["version"], chain["head"]), f"case {chain['case']}", "its last act is not there")

    def hold():
        while checkpoints and checkpoints[0][0] == tree.size:
            size, root, _, where = checkpoints.pop(0)
            expect(root == tree.root(), where, "the log does not give the root that was signed")

    for line in lines:
        row = json.loads(line)
        kind = row["t"]
        counts[kind] = counts.get(kind, 0) + 1
        if kind == "checkpoint":
            where = f"checkpoint of size {row['size']}"
            size, root, at = open_checkpoint(row["note"], keys, where)
            expect(size == row["size"] and (not checkpoints or (size, at) >= (checkpoints[-1][0], checkpoints[-1][2])), where, "out of order")
            checkpoints.append((size, root, at, where))
        elif kind == "case":
            close()
            chain = {"case": row["case"], "version": row["version"], "head": row["head"], "seq": 0, "digest": bytes(32), "at": None}
        elif kind == "act":
            where = f"case {row['case']}, act {row['seq']}"
            expect(chain and chain["case"] == row["case"], where, "its case is not there")
            leaf, digest = json.loads(row["leaf"]), sha(b"\0", row["leaf"].encode())
            expect(leaf["events"] == sha(row["events"].encode()).hex(), where, "the events are not those the leaf was made for")
            stored = (row["case"], row["seq"], row["kind"], row["at"])
            expect((leaf["case"], leaf["seq"], leaf["kind"], leaf["at"]) == stored, where, "the leaf is of another act")
            expect(row["seq"] == chain["seq"] + 1 and leaf["prev"] == chain["digest"].hex(), where, "does not follow the act before it")
            expect(chain["at"] is None or leaf["at"] >= chain["at"], where, "dated before the act it follows")
            chain.update(seq=row["seq"], digest=digest, at=leaf["at"])
            expect((row["index"] is None) == row["pending"], where, "neither in the log nor waiting, or both")
            if row["index"] is not None:
                expect(row["index"] not in logged, where, "its log entry belongs to another act")
                logged[row["index"]] = (row["case"], row["seq"], digest)
        elif kind == "entry":
            if tree.size == 0:
                close()
                chain, checkpoints = None, sorted(checkpoints + outside, key=lambda item: item[0])
                hold()
            where = f"log entry {row['index']}"
            expect(row["index"] == tree.size, where, f"expected entry {tree.size}")
            expect(logged.pop(row["index"], None) == (row["case"], row["seq"], bytes.fromhex(row["leaf"])), where, "is not the act's")
            expect(checkpoints, where, "no checkpoint signs it")
            tree.append(bytes.fromhex(row["leaf"]))
            hold()
    close()
    if tree.size == 0:
        checkpoints = sorted(checkpoints + outside, key=lambda item: item[0])
        hold()
    expect(not checkpoints, checkpoints[0][3] if checkpoints else "", f"the log has only {tree.size} entries")
    expect(not logged, "log", f"entry {min(logged, default=None)} is missing")
    return tree, counts


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("log")
    arguments.add_argument("--key", action="append", required=True, help="the log's public key: name+hash+base64")
    arguments.add_argument("--checkpoint", action="append", default=[], help="a checkpoint that was kept elsewhere")
    given = arguments.parse_args()
    try:
        keys = [read_key(text) for text in given.key]
        outside = []
        for path in given.checkpoint:
            with open(path, encoding="utf-8", newline="") as file:
                size, root, at = open_checkpoint(file.read(), keys, path)
                outside.append((size, root, at, f"checkpoint {path} kept outside"))
        with open(given.log, encoding="utf-8", newline="\n") as file:
            tree, counts = verify(file, keys, outside)
    except Wrong as wrong:
        sys.exit(str(wrong))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        sys.exit(f"not a log, or not one line of it: {error}")
    print(f"holds: {counts['case']} cases, {counts['act']} acts, {counts['entry']} entries, {counts['checkpoint']} checkpoints")
    print(f"size {tree.size}\nroot {base64.b64encode(tree.root()).decode()}")


if __name__ == "__main__":
    main()
