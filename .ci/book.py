"""Corrects and checks the links of a built book: each leads to a file that exists, and its anchor to an element with this id.

usage: book.py BOOK
"""

import html.parser
import pathlib
import sys
import urllib.parse

# `print.html` is all pages in one, with their ids once more; `404.html` is for servers, and names its files from their root.
NOT_READ = {"print.html", "404.html", "toc.html"}


class Page(html.parser.HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name == "id":
                self.ids.add(value)


def target_of(path, link):
    """The file that a link leads to, and its anchor; nothing for an address."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    return (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path, parts.fragment


def correct(path):
    """mdBook turns `.md` into `.html` in each link, also where the file is not of the book, and calls `README.md` `index.html`."""
    text = path.read_text()
    for link in set(Page(path).links):
        target = target_of(path, link)
        if target is None or target[0].exists() or target[0].suffix != ".html":
            continue
        if target[0].with_suffix(".md").exists():
            text = text.replace(f'"{link}"', f'"{link.replace(".html", ".md", 1)}"')
        elif target[0].name == "README.html":
            text = text.replace(f'"{link}"', f'"{link.replace("README.html", "index.html", 1)}"')
    path.write_text(text)


def main(book):
    paths = [path.resolve() for path in sorted(book.rglob("*.html")) if path.name not in NOT_READ]
    for path in paths:
        correct(path)
    pages = {path: Page(path) for path in paths}
    wrong, count = [], 0
    for path, page in pages.items():
        for link in page.links:
            target = target_of(path, link)
            if target is None:
                continue
            count += 1
            file, anchor = target
            if not file.exists() or (anchor and file in pages and anchor not in pages[file].ids):
                wrong.append(f"{path.relative_to(book.resolve())}: there is no {link}")
    print("\n".join(wrong) or f"{len(pages)} pages, {count} links, each leads somewhere")
    # A book without pages, or pages without links, would be a mistake of this check.
    return bool(wrong) or len(pages) < 10 or count < 100


sys.exit(main(pathlib.Path(sys.argv[1])))
