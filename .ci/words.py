"""Looks for words that this project does not use in what people read, and says which to use.

`.ci/words.txt` has the list. What people read is the prose of the documents, comments, and strings with more than one
word: names in the code are not looked at, nor are code blocks and what is between backticks.

usage: words.py [FILE...]
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
LIST = ROOT / ".ci/words.txt"
KINDS = {".md", ".rs", ".py", ".yaml", ".yml", ".toml", ".html", ".js", ".mjs", ".ts", ".tf", ".sh", ""}
# The list itself, and what others wrote.
NOT_READ = ("LICENSE", ".ci/words.", "tests/it/vectors/", "tests/fixtures/", "fuzz/seeds/", "fuzz/corpus/", "Cargo.lock")


def rules():
    """Each line of the list: a pattern, what to use instead, and, behind `unless`, where the word is right."""
    found = []
    for line in LIST.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern, instead, *right = (part.strip() for part in line.split(" | "))
        found.append((re.compile(rf"\b(?:{pattern})\b", re.I), instead, re.compile(right[0], re.I) if right else None))
    return found


def prose_of_markdown(text):
    """Without code blocks, and without what is between backticks, which may go over a line's end."""
    without_blocks = re.sub(r"^ *```.*?^ *```$", lambda block: "\n" * block[0].count("\n"), text, flags=re.M | re.S)
    return re.sub(r"`[^`]*`", lambda code: "`" + "\n" * code[0].count("\n") + "`", without_blocks)


def without_code(text):
    return re.sub(r"`[^`\n]*`", "``", text)


def prose_of_code(text, comment):
    """Comments, and strings with more than one word, each on its own line."""
    lines = []
    for line in text.splitlines():
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        remark = comment.search(outside)
        strings = [string for string in re.findall(r'"((?:[^"\\]|\\.)*)"', line) if " " in string and not string.startswith("{")]
        # The end of a string that goes over several lines is prose as well: a line without a word of code.
        lines.append(without_code(" ".join([*strings, remark[0] if remark else ""])))
    return "\n".join(lines)


SLASHES = re.compile(r"//.*|^\s*\*[\s/].*|/\*.*")
HASH = re.compile(r"(?:^|\s)#(?!\[|!\[).*")


def prose(path, text):
    if path.suffix == ".md":
        return prose_of_markdown(text)
    if path.suffix in {".rs", ".js", ".mjs", ".ts"}:
        return prose_of_code(text, SLASHES)
    if path.suffix in {".yaml", ".yml"}:
        # Descriptions of templates are prose without quotes.
        return without_code(re.sub(r"!(Ref|Sub|GetAtt|If)\b.*", "", text))
    if path.suffix == ".html":
        return re.sub(r"<[^>]*>", "", text)
    if path.suffix == ".py":
        return prose_of_code(re.sub(r'"""', "#", text), HASH)
    return prose_of_code(text, HASH)


def files():
    listed = subprocess.check_output(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True)
    names = [name for name in listed.splitlines() if not name.startswith(NOT_READ) and pathlib.Path(name).suffix in KINDS]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def findings(path, text, all_rules):
    """The number of each line, the word that is found there, what to use instead, and the words around it."""
    for number, line in enumerate(prose(path, text).splitlines(), 1):
        for pattern, instead, right in all_rules:
            for match in pattern.finditer(line):
                around = line[max(0, match.start() - 40) : match.end() + 40]
                if not (right and right.search(around)):
                    yield number, match[0], instead, around.strip()


def check_itself(all_rules):
    """A check that finds nothing must not be one that looks at nothing."""

    def found(name, text):
        return {(number, word) for number, word, _, _ in findings(pathlib.Path(name), text, all_rules)}

    assert found("a.md", "x\nA foreign `foreign` word\n```\nforeign\n```\n  in vain") == {(2, "foreign"), (6, "in vain")}
    assert found("a.rs", 'let foreign = "a foreign key"; // an e-mail\nlet text = 1;') == {(1, "foreign"), (1, "e-mail")}
    assert found("a.yaml", "Description: a look-up") == {(1, "look-up")}
    assert found("a.py", '"""A definite no."""\nblank = 1  # blank') == {(1, "definite"), (2, "blank")}
    assert found("a.md", "plain text, told apart, over 60") == set()


def main(paths):
    found, read = 0, 0
    all_rules = rules()
    check_itself(all_rules)
    for path in paths:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        read += 1
        for number, word, instead, around in findings(path, text, all_rules):
            found += 1
            print(f"{path.resolve().relative_to(ROOT)}:{number}: {word!r}: use {instead}\n    {around}")
    print(f"{read} files, {found} words to replace")
    return bool(found) or not read


sys.exit(main([pathlib.Path(name) for name in sys.argv[1:]] or files()))
