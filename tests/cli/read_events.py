# read_events.py FILE: what an event file of TensorBoard holds, one scalar a line: "tag step wall_time value". Written from the
# descriptions of TFRecord and protocol buffers, apart from the program that writes such files. Exit status 1 where a sum is wrong.
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        length, length_sum = struct.unpack_from("<QI", data, at)
        assert masked(data[at:at + 8]) == length_sum, "sum of a length"
        record = data[at + 12:at + 12 + length]
        (record_sum,) = struct.unpack_from("<I", data, at + 12 + length)
        assert masked(record) == record_sum, "sum of a record"
        yield record
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def fields(message):
    at, found = 0, {}
    while at < len(message):
        key, at = varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(message, at)
        elif kind == 1:
            (value,) = struct.unpack_from("<d", message, at)
            at += 8
        elif kind == 5:
            (value,) = struct.unpack_from("<f", message, at)
            at += 4
        else:
            assert kind == 2, kind
            length, at = varint(message, at)
            value = message[at:at + length]
            assert len(value) == length
            at += length
        found.setdefault(key >> 3, []).append(value)
    return found


events = [fields(record) for record in records(open(sys.argv[1], "rb").read())]
assert events[0][3] == [b"brain.Event:2"], "version"
for event in events[1:]:
    for summary in event[5]:
        for value in fields(summary)[1]:
            scalar = fields(value)
            print(scalar[1][0].decode(), event.get(2, [0])[0], repr(event[1][0]), repr(scalar[2][0]))
