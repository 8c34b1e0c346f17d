"""Checks that the C++ shown in Markdown is compiled: each such block is the marked region of a source, word for word.

In the Markdown the line above the block is `<!-- examples/tasks.cpp:region -->`; in the source the region stands
between `// [region]` and `// [/region]`. How deep it is indented there does not count.
"""
import re
import textwrap

import tree

BLOCK = re.compile(r'(?:^<!-- *(\S+?):(\S+) *-->\n+)?^```(?:cpp|c\+\+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
MARK = re.compile(r'^\s*// \[/?[\w-]+\]\n', re.MULTILINE)


def region(file, name):
    path = tree.ROOT / file
    if not path.is_file():
        return None
    mark = re.escape(name)
    found = re.search(rf'^[ \t]*// \[{mark}\]\n(.*?)^[ \t]*// \[/{mark}\]$',
                      path.read_text(encoding='utf-8'), re.MULTILINE | re.DOTALL)
    return textwrap.dedent(MARK.sub('', found[1])).strip('\n') if found else None


complaints = []
for name, text in tree.files('.md'):
    for block in BLOCK.finditer(text):
        file, mark, code = block.groups()
        at = f'{name}:{text.count(chr(10), 0, block.start(3))}'
        if file is None:
            complaints.append(f'{at}: C++ that no compiled file contains; name its region above the block')
        elif region(file, mark) is None:
            complaints.append(f'{at}: {file} has no region {mark}')
        elif region(file, mark) != code.strip('\n'):
            complaints.append(f'{at}: differs from the region {mark} of {file}')
tree.report(complaints)
