"""What the lint scripts share: which files are the project's, and how to say what is wrong."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*suffixes):
    """Yields (path relative to the root, text) of each file that git knows or would add; without git, of each file."""
    git = shutil.which('git') and subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        cwd=ROOT, capture_output=True, text=True, check=False)
    if git and git.returncode == 0:
        names = sorted(set(git.stdout.split('\0')) - {''})
    else:
        names = sorted(p.relative_to(ROOT).as_posix() for p in ROOT.rglob('*'))
        names = [n for n in names if not n.startswith(('build/', '.git/', '.cache/')) and '__pycache__' not in n]
    for name in names:
        path = ROOT / name
        if not path.is_file() or (suffixes and path.suffix not in suffixes):
            continue
        try:
            yield name, path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            pass  # a picture


def report(complaints):
    """Prints one complaint a line and ends the program: with failure if there is any."""
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)
