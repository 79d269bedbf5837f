"""Checksums as S3 writes them, made here so that boto3 needs no further library."""

import base64
import hashlib
import zlib


def reflected(data, polynomial, width):
    """A CRC with reflected bits, all ones at its start and end."""
    ones = (1 << width) - 1
    crc = ones
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return (crc ^ ones).to_bytes(width // 8, "big")


SUMS = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: reflected(data, 0x82F63B78, 32),
    "CRC64NVME": lambda data: reflected(data, 0x9A6C9329AC4BC9B5, 64),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}


def checksum(algorithm, data):
    return base64.b64encode(SUMS[algorithm](data)).decode()


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()
