"""Checks each file by itself: length, opening, marks of unfinished work, paths of one machine; and the source lists."""
import pathlib
import re

import tree

HEADER_LINES, SOURCE_LINES, README_LINES = 300, 400, 150
MARKS = re.compile(r'\b(?:TO' r'DO|FIX' r'ME)\b')
MACHINE_PATHS = re.compile(r'(?<![\w.*$}])/(?:work|home|root|farm|tmp/w)/')
# ThreadSanitizer does not follow fences, so what depends on one cannot be checked: put the ordering on an operation.
FENCE = re.compile(r'\batomic_thread_fence\s*\(')
OPENING = re.compile(r'\s*(?://[^\n]*\n\s*|/\*.*?\*/\s*)*#pragma once\n', re.DOTALL)
LISTED = re.compile(r"^\s*'([^']+\.[ch]pp)',$")


def check_lines(name, text):
    limit = {'.hpp': HEADER_LINES, '.cpp': SOURCE_LINES}.get(pathlib.PurePath(name).suffix)
    if name == 'README.md':
        limit = README_LINES
    lines = text.count('\n')
    if limit and lines > limit:
        yield f'{name}: {lines} lines; {limit} are allowed'


def check_text(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if MARKS.search(line):
            yield f'{name}:{number}: unfinished by its own words'
        if MACHINE_PATHS.search(line):
            yield f'{name}:{number}: a path of one machine'
        if FENCE.search(line) and name.startswith(('include/', 'lib/')):
            yield f'{name}:{number}: a fence, which ThreadSanitizer does not follow'
    if name.endswith('.hpp') and not OPENING.match(text):
        yield f'{name}: does not open with #pragma once (after at most a comment)'


def check_sorted(name, text):
    """A list of sources in a meson.build is sorted."""
    previous = ''
    for number, line in enumerate(text.splitlines(), 1):
        listed = LISTED.match(line)
        if listed and previous > listed[1]:
            yield f'{name}:{number}: {listed[1]} belongs before {previous}'
        previous = listed[1] if listed else ''


def check_listed(names, lists):
    """Each source and public header is in the list of the nearest meson.build above it that could name it."""
    for name in names:
        path = pathlib.PurePosixPath(name)
        if not (path.suffix == '.cpp' or name.startswith('include/')):
            continue
        above = [p for p in path.parents if (p / 'meson.build').as_posix() in lists and p.name]
        if not any(f"'{path.relative_to(p)}'" in lists[(p / 'meson.build').as_posix()] for p in above):
            yield f'{name}: in no meson.build'


complaints, sources, lists = [], [], {}
for name, text in tree.files():
    complaints += check_lines(name, text)
    complaints += check_text(name, text)
    if name.endswith(('.hpp', '.cpp')):
        sources.append(name)
    if name.endswith('meson.build'):
        lists[name] = text
        complaints += check_sorted(name, text)
complaints += check_listed(sources, lists)
tree.report(complaints)
