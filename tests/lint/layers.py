"""Checks that every include goes leftwards: layers.py 'core future ...' 'cma: Eigen Random123' ...

The first argument is the line of folders (and single headers); each other one names a folder or file beside that line,
and what it may include besides the standard library and its own files.
"""
import pathlib
import re
import sys

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
LINE = sys.argv[1].split()
BESIDE = {key: allowed.split() for key, allowed in (rule.split(':') for rule in sys.argv[2:])}


def place(path):
    """The rule that a path below mobula/ falls under: its file if that has one, else its first part."""
    header = re.sub(r'\.cpp$', '.hpp', path)  # a source stands where its header does
    return header if header in BESIDE else path.split('/')[0]


def target(name, text_path):
    """What an include names, as a path below mobula/; None if it isn't ours."""
    if text_path.startswith('mobula/'):
        return text_path.removeprefix('mobula/')
    folder = tree.ROOT / pathlib.PurePosixPath(name).parent
    for base, root in ((folder, None), (tree.ROOT / 'lib', None), (tree.ROOT / 'include', None)):
        found = (base / text_path).resolve()
        for top in (tree.ROOT / 'include' / 'mobula', tree.ROOT / 'lib'):
            if found.is_file() and found.is_relative_to(top):
                return found.relative_to(top).as_posix()
    return None


def allowed(here, there, include):
    if there is None:
        if here not in BESIDE:
            return True
        if not ('/' in include or '.' in include):
            return True  # the standard library
        first = include.split('/')[0]
        return any(rule == first or rule in LINE for rule in BESIDE[here])
    if here == there:
        return True
    if here in LINE:
        return there in LINE and LINE.index(there) <= LINE.index(here)
    # Whoever may include an element of the line may include what stands to the left of it.
    return any(rule == there or include == f'mobula/{rule}' or
               (rule in LINE and there in LINE and LINE.index(there) <= LINE.index(rule)) for rule in BESIDE[here])


def reaches_requirements_first(path, text):
    """Whether nothing is read before what Mobula asks of the compiler: the first include is that, or one that does so."""
    while path != LINE[0]:
        found = INCLUDE.search(text)
        header = tree.ROOT / 'include' / (found[2] if found else '')
        if not (found and found[2].startswith('mobula/') and header.is_file()):
            return False
        path, text = found[2].removeprefix('mobula/'), header.read_text(encoding='utf-8')
    return True


complaints = []
for name, text in tree.files('.hpp', '.cpp'):
    path = next((name.removeprefix(top) for top in ('include/mobula/', 'lib/') if name.startswith(top)), None)
    if path is None:
        continue
    here = place(path)
    if here not in LINE and here not in BESIDE:
        complaints.append(f'{name}: {here} has no place in the layers of meson.build')
        continue
    if name.startswith('include/') and not reaches_requirements_first(path, text):
        complaints.append(f'{name}: does not include <mobula/{LINE[0]}> before all else')
    for _, include in INCLUDE.findall(text):
        there = target(name, include)
        if not allowed(here, there and place(there), include):
            complaints.append(f'{name}: may not include {include}')
tree.report(complaints)
