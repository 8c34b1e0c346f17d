"""Checks what a wrong compiler or flag is told: requirements.py COMPILER...; first the one error that says what is needed,
and next to nothing after it. (Each public header reaches requirements.hpp first: layers.py.)"""
import shutil
import subprocess
import sys

import tree

MOST_LINES = 16  # where it stands, the error and its line, and that the compilation ends
HEADERS = ['mobula/mobula.hpp', 'mobula/cma/engine.hpp']
CASES = [(sys.argv[1:], flags, says) for flags, says in (
    ('-std=c++17', 'Mobula needs C++20'),
    ('-std=c++20 -fno-rtti', 'Mobula needs type information'),
    ('-std=c++20 -fno-exceptions', 'Mobula needs exceptions'),
)]
if shutil.which('clang++-14'):
    CASES.append((['clang++-14'], '-std=c++20', 'Mobula needs clang 16'))

complaints = []
for compiler, flags, says in CASES:
    for header in HEADERS:
        run = subprocess.run([*compiler, *flags.split(), '-I', tree.ROOT / 'include', '-fsyntax-only', '-x', 'c++', '-'],
                             input=f'#include <{header}>\n', capture_output=True, text=True, check=False)
        lines = run.stderr.splitlines()
        first = next((line for line in lines if 'error' in line), '')
        if run.returncode == 0 or says not in first or len(lines) > MOST_LINES:
            complaints.append(f'{header} with {flags}: "{says} ..." is not what {compiler[-1]} says first, and last:')
            complaints += lines[:20]
tree.report(complaints)
