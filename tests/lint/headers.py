"""Checks that each public header compiles alone: headers.py STAMP COMPILER... -- HEADER...; then writes STAMP.

Headers of which each includes the one before share a compilation, in that order: what the earlier ones have brought,
the later one includes anyway. So fewer compilations show the same as one for each header would.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*<(mobula/[^>]+)>', re.MULTILINE)
stamp, *rest = sys.argv[1:]
compiler, headers = rest[:rest.index('--')], rest[rest.index('--') + 1:]
included = {h: INCLUDE.findall((tree.ROOT / 'include' / h).read_text(encoding='utf-8')) for h in headers}
reached = {}


def reach(header):
    """All headers of ours that this one includes, directly or not."""
    if header not in reached:
        reached[header] = set()
        for other in included.get(header, []):
            reached[header] |= {other} | reach(other)
    return reached[header]


def chains():
    """As few chains as hold every header once (Dilworth's, by matching each header with the next one of its chain)."""
    before = {}

    def find_next(header, seen):
        for other in headers:
            if header in reach(other) and other not in seen:
                seen.add(other)
                if other not in before or find_next(before[other], seen):
                    before[other] = header
                    return True
        return False

    for header in headers:
        find_next(header, set())
    after = {first: then for then, first in before.items()}
    for header in headers:
        if header not in before:
            chain = [header]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            yield chain


def compile_chain(chain):
    text = ''.join(f'#include <{header}>\n' for header in chain)
    run = subprocess.run([*compiler, '-fsyntax-only', '-x', 'c++', '-'],
                         input=text, capture_output=True, text=True, check=False)
    return '' if run.returncode == 0 else f'{" ".join(chain)}\n{run.stderr}'


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
    complaints = [said for said in workers.map(compile_chain, list(chains())) if said]
if not complaints:
    pathlib.Path(stamp).write_text('', encoding='utf-8')
tree.report(complaints)
