#!/usr/bin/env python3
"""Runs an example in an empty folder and compares what it prints: check.py PROGRAM EXPECTED.

The file EXPECTED reads like a transcript. Its first line, `$ name argument...`, says with which arguments the program is
run. Each other line is a regular expression; one after another each must match a whole line of the output. Lines between
them are free. Lines that begin with `file:` name, as glob patterns, files that must be there afterwards and not empty.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

program = pathlib.Path(sys.argv[1]).resolve()
command, *rest = pathlib.Path(sys.argv[2]).read_text(encoding='utf-8').splitlines()
if not command.startswith(f'$ {program.name}'):
    sys.exit(f'{sys.argv[2]} does not open with `$ {program.name} argument...`')
patterns = [line for line in rest if not line.startswith('file:')]
files = [line.removeprefix('file:').strip() for line in rest if line.startswith('file:')]

with tempfile.TemporaryDirectory() as folder:
    run = subprocess.run([program, *shlex.split(command)[2:]],
                         cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    missing = [f for f in files if not any(p.stat().st_size for p in pathlib.Path(folder).glob(f))]
print(run.stdout, end='')
lines = iter(run.stdout.replace('\r', '\n').splitlines())
for pattern in patterns:
    if not any(re.fullmatch(pattern, line.rstrip()) for line in lines):
        sys.exit(f'no line, or none in this order, matches: {pattern}')
if missing:
    sys.exit(f'not written: {" ".join(missing)}')
if run.returncode != 0:
    sys.exit(f'{program.name} ended with {run.returncode}')
