"""Prints, of the tests that `meson introspect --tests` gives, one part a line as arguments of `meson test`: each program of
unit tests, then each other suite."""
import json
import sys

tests = json.load(sys.stdin)
suites = dict.fromkeys(test['suite'][0] for test in tests)
for test in tests:
    if test['suite'][0].endswith(':unit'):
        print(test['name'])
for suite in suites:
    if not suite.endswith(':unit'):
        print('--suite', suite.split(':')[-1])
