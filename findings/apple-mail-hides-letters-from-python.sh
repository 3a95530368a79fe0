#!/usr/bin/env bash
# What surprises: Python's iter_attachments() finds no file in a message of Apple Mail that has two, and none in what many
# scanners send. It returns parts that lie beside the text of a message:
#   - Apple Mail puts files where they were dropped, between paragraphs, and keeps all of it as one of two alternatives; the
#     other is the text alone. Files within an alternative are not looked for;
#   - a scanner that sends a PDF and no text sends a message that is the PDF. It has no parts, so it has no attachments;
#   - of a message in plain text with a file in the middle, get_body() returns the text up to the file, and the text after it
#     becomes an attachment without a name.
# A good engineer expects each file that a mail program shows, as imap-tools and mail-parser return it, and takes an empty
# list for a message without files: the letter was delivered, is marked as read, and is missed by nobody. The documentation
# does say that such messages give an empty list. It does not say that common programs write them.
# Remedy: walk() over all parts, and take what has a file name or is no text.
#
# Versions: Python 3.11.7, imap-tools 1.16.0, mail-parser 4.8.0. Output seen:
#   Apple Mail: Python: none; imap-tools: first.pdf, second.pdf; mail-parser: first.pdf, second.pdf
#   scanner: Python: none; imap-tools: scan.pdf; mail-parser: scan.pdf
#   file in the middle: Python: first.pdf, text/plain; imap-tools: first.pdf; mail-parser: first.pdf
#   text of the last one, get_body(): 'Upheld: item 1.\n'
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check imap-tools==1.16.0 mail-parser==4.8.0

cat >"$folder/messages.py" <<'PYTHON'
import email
import email.policy
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import imap_tools
import mailparser


def file(name: str) -> Message:
    part = MIMEApplication(b"%PDF-1.7", "pdf", name=name)
    part.add_header("Content-Disposition", "inline", filename=name)
    return part


def multipart(kind: str, *parts: Message) -> Message:
    whole = MIMEMultipart(kind)
    for part in parts:
        whole.attach(part)
    return whole


def html(text: str) -> Message:
    return MIMEText(f"<p>{text}</p>", "html")


MESSAGES = {
    "Apple Mail": multipart(
        "alternative",
        MIMEText("Two letters."),
        multipart("mixed", html("Two letters."), file("first.pdf"), html("and"), file("second.pdf"), html("")),
    ),
    "scanner": file("scan.pdf"),
    "file in the middle": multipart(
        "mixed", MIMEText("Upheld: item 1.\n"), file("first.pdf"), MIMEText("Overturned: item 2.\n")
    ),
}


def names(parts: list[str]) -> str:
    return ", ".join(parts) or "none"


for kind, message in MESSAGES.items():
    message["From"], message["Subject"] = "scans@example.org", "Letters"
    data = message.as_bytes()
    read = email.message_from_bytes(data, policy=email.policy.default)
    by_python = names([part.get_filename() or part.get_content_type() for part in read.iter_attachments()])
    by_imap_tools = names([part.filename for part in imap_tools.MailMessage.from_bytes(data).attachments])
    by_mail_parser = names([part["filename"] for part in mailparser.parse_from_bytes(data).attachments])
    print(f"{kind}: Python: {by_python}; imap-tools: {by_imap_tools}; mail-parser: {by_mail_parser}")
print("text of the last one, get_body():", repr(read.get_body().get_content()))
PYTHON
expected="Apple Mail: Python: none; imap-tools: first.pdf, second.pdf; mail-parser: first.pdf, second.pdf
scanner: Python: none; imap-tools: scan.pdf; mail-parser: scan.pdf
file in the middle: Python: first.pdf, text/plain; imap-tools: first.pdf; mail-parser: first.pdf
text of the last one, get_body(): 'Upheld: item 1.\n'"
seen=$("$folder/venv/bin/python" "$folder/messages.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
