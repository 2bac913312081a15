"""How long it takes until an interpreter has started, and has imported a good part of the standard library."""

import sys

import pyperf

LIBRARY = (
    "import argparse, ast, asyncio, base64, collections, concurrent.futures, configparser, csv, ctypes, "
    "dataclasses, datetime, decimal, difflib, email.message, fractions, functools, hashlib, html.parser, "
    "http.client, inspect, ipaddress, itertools, json, logging.config, multiprocessing, pathlib, pickle, "
    "platform, pprint, random, re, shutil, sqlite3, statistics, string, subprocess, tarfile, tempfile, "
    "textwrap, threading, tokenize, traceback, typing, unittest, urllib.request, uuid, xml.etree.ElementTree, "
    "zipfile"
)

if __name__ == "__main__":
    runner = pyperf.Runner()
    runner.bench_command("startup", [sys.executable, "-c", "pass"])
    runner.bench_command("startup_library", [sys.executable, "-c", LIBRARY])
