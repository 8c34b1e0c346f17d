"""Checks what the compiler says of mistakes: check.py SOURCE, in a folder below the one of compile_commands.json.

Above each mistake in the source stands `// says: SENTENCE`, a part of the error by which the compiler refuses it, or of the line
that this shows, and which must be its only one. `// says first:` lets others follow, where the compiler adds one of its own. It must be short.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys

MOST_LINES = {'g++': 20, 'clang': 32}  # of one mistake, without those that tell who includes whom
SAYS = re.compile(r'\s*// says( first)?: (.*)')
ERROR = re.compile(r'(?:^|: )(?:fatal )?error: ')
# g++ tells before an error where it has come from, clang behind it.
OPENING = re.compile(r'\S+: (?:In|At) ')
INCLUDES = re.compile(r'In file included from|\s+from \S+:\d+|\d+ errors? generated')


def command_for(source):
    for folder in pathlib.Path.cwd(), *pathlib.Path.cwd().parents:
        listed = folder / 'compile_commands.json'
        if listed.is_file():
            break
    for entry in json.loads(listed.read_text(encoding='utf-8')):
        if (pathlib.Path(entry['directory']) / entry['file']).resolve() == source:
            words = shlex.split(entry['command'])
            for option in '-o', '-MF', '-MQ':
                if option in words:
                    del words[words.index(option):words.index(option) + 2]
            unlimited = '-ferror-limit=0' if 'clang' in words[0] else '-fmax-errors=0'
            return [*words, '-fsyntax-only', '-w', '-fdiagnostics-color=never', unlimited], entry['directory']
    sys.exit(f'{listed} has no {source}')


def blocks(output, opens_before):
    """The lines about each error."""
    found = []
    complete = True  # the last block has its error
    for line in output.splitlines():
        if INCLUDES.match(line):
            continue
        error = ERROR.search(line)
        if complete and (error or opens_before and OPENING.match(line)):
            found.append([])
            complete = False
        complete = complete or bool(error)
        if found:
            found[-1].append(line)
    return found


source = pathlib.Path(sys.argv[1]).resolve()
mistakes = []  # line, whether others may follow, sentence
for number, line in enumerate(source.read_text(encoding='utf-8').splitlines(), 1):
    if says := SAYS.match(line):
        mistakes.append((number, bool(says[1]), says[2]))
command, folder = command_for(source)
output = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stderr
gnu = 'clang' not in output and 'clang' not in ' '.join(command[:2])
most = MOST_LINES['g++' if gnu else 'clang']

said = {number: [] for number, _, _ in mistakes}
complaints = []
for block in blocks(output, gnu):
    places = [int(n) for line in block for n in re.findall(re.escape(source.name) + r':(\d+)', line)]
    uses = [n for n in places if mistakes and n > mistakes[0][0]]  # else it is a declaration that they share
    above = [number for number, _, _ in mistakes if uses and number < uses[-1]]
    if above:
        said[above[-1]].append(block)
    else:
        complaints.append('not about any of the mistakes:\n' + '\n'.join(block))
for number, others, sentence in mistakes:
    about = said[number]
    lines = sum(map(len, about))
    if not about:
        what = 'compiles'
    elif not any(sentence in line for line in about[0]):
        what = 'says something else'
    elif len(about) > 1 and not others:
        what = f'says it in {len(about)} errors'
    elif lines > most:
        what = f'needs {lines} lines for it; {most} are allowed'
    else:
        continue
    complaints.append(f'{source}:{number}: {what}:\n' + '\n'.join('\n'.join(block) for block in about))
print('\n\n'.join(complaints) or f'{len(mistakes)} mistakes, a sentence each')
sys.exit(bool(complaints))
