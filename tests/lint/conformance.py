"""Checks that the tests which docs/conformance.md names exist: each `file_test.cpp`: "sentence" is one of its cases."""
import re

import tree

PAGE = 'docs/conformance.md'
NAMED = re.compile(r'`([\w/]+\.cpp)`: "([^"]+)"')
CASE = re.compile(r'\bTEST_CASE\(\s*((?:"[^"]*"\s*)+)')

sentences = {}
for name, text in tree.files('.cpp'):
    sentences[name] = {''.join(re.findall(r'"([^"]*)"', case[1])) for case in CASE.finditer(text)}

complaints = []
for name, text in tree.files('.md'):
    for shown in NAMED.finditer(text) if name == PAGE else ():
        if shown[2] not in sentences.get(f'tests/{shown[1]}', ()):
            complaints.append(f'{name}:{text.count(chr(10), 0, shown.start()) + 1}: tests/{shown[1]} has no "{shown[2]}"')
tree.report(complaints)
