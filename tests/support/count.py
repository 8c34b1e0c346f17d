"""Adds up a Meson test log: `N passed, N failed`, where a Catch2 program counts as its test cases, all else as one.

A program that fails without a failed test case (it crashed, or took too long) counts as one failure more. Exits with 0
if something passed and nothing failed.
"""
import json
import re
import sys

CASES = re.compile(r'^test cases: (\d+) passed, (\d+) failed$', re.MULTILINE)


def count(test):
    good = test['result'] in ('OK', 'EXPECTEDFAIL')
    if test['result'] == 'SKIP':
        print(f"skipped: {test['name']}")
        return 0, 0
    cases = CASES.findall(test.get('stdout') or '')
    if not cases:
        return (1, 0) if good else (0, 1)
    passed, failed = map(int, cases[-1])
    return passed, failed if good else max(failed, 1)


with open(sys.argv[1], encoding='utf-8') as log:
    counts = [count(json.loads(line)) for line in log]
passed = sum(c[0] for c in counts)
failed = sum(c[1] for c in counts)
print(f'{passed} passed, {failed} failed')
sys.exit(0 if passed and not failed else 1)
