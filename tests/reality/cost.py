"""The arithmetic of docs/cost.md: its tables are computed here, from prices and from what was measured, and compared with the page.

usage: cost.py            whether the page has these tables
       cost.py --update   writes them
"""

import json
import re
import sys

from harness import ROOT, check, finish

PAGE = ROOT / "docs" / "cost.md"

# US dollars, first tier, without the free tier. docs/cost.md has the date and the links.
REGIONS = ["us-east-1", "eu-west-1"]
MILLION_INVOCATIONS = 0.20
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
LOG_GB = {"us-east-1": 0.50, "eu-west-1": 0.57}
METRIC_MONTH = 0.30
ALARM_METRIC_MONTH = 0.10
DASHBOARD_MONTH = 3.00
SECRET_MONTH = 0.40
API_CALLS_10_000 = 0.05
MILLION_TRACES = 5.00

MEMORY_GB = 256 / 1024
# Lambda bills whole milliseconds. A warm decision takes a fraction of one on a whole processor, and has a seventh of one at 256 MB.
BILLED_MS = 2
# A start of 150 ms with the fetch of the keys, in one of a thousand calls.
COLD_MS, COLD_SHARE = 150, 0.001
# Measured: the function's line of a warm decision about a REST API's request, with metrics and without; rie.py measures it again. Of
# Lambda's own lines the sizes of AWS's samples. 26 are CloudWatch's, for each.
LINE = {"EMF": 880, "NONE": 495}
START_LINE, REPORT_LINE, OVERHEAD = 150, 230, 26
METRICS, OUTCOMES = 7, 4


def duration(architecture):
    """A million invocations' time, in dollars."""
    milliseconds = BILLED_MS + COLD_MS * COLD_SHARE
    return 1e6 * milliseconds / 1000 * MEMORY_GB * GB_SECOND[architecture]


def gigabytes(metrics, has_lambda_lines=True):
    lines = [LINE[metrics]] + ([START_LINE, REPORT_LINE] if has_lambda_lines else [])
    return sum(line + OVERHEAD for line in lines) * 1e6 / 1e9


def per_million(architecture, region, metrics="EMF", has_lambda_lines=True):
    return MILLION_INVOCATIONS + duration(architecture) + gigabytes(metrics, has_lambda_lines) * LOG_GB[region]


def alarm_metrics():
    """CloudWatch bills an alarm by the metrics that it looks at."""
    alarms = json.loads((ROOT / "terraform" / "observe" / "alarms.json").read_text())
    return sum(sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1 for alarm in alarms.values())


def money(value):
    return f"${value:.2f}"


def table(heads, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *rows]]
    return "\n".join(lines)


def parts():
    rows = []
    for architecture in GB_SECOND:
        for region in REGIONS:
            logs = gigabytes("EMF") * LOG_GB[region]
            total = per_million(architecture, region)
            rows.append([f"{architecture}, {region}", money(MILLION_INVOCATIONS), f"${duration(architecture):.3f}", money(logs), f"**{money(total)}**"])
    return table(["per million decisions", "invocations", "duration", "logs", "together"], rows)


def savings():
    rows = []
    for name, metrics, has_lambda_lines in [
        ("all as it is", "EMF", True),
        ("`METRICS=NONE`", "NONE", True),
        ("without Lambda's own lines", "EMF", False),
        ("both", "NONE", False),
    ]:
        row = [name, f"{gigabytes(metrics, has_lambda_lines):.2f} GB"]
        rows.append(row + [money(per_million("arm64", region, metrics, has_lambda_lines)) for region in REGIONS])
    return table(["arm64, per million decisions", "logs", *REGIONS], rows)


def cached():
    rows = []
    for hits in (0, 50, 90, 95, 99):
        asked = 1 - hits / 100
        rows.append([f"{hits} %"] + [money(per_million(architecture, region) * asked) for architecture in GB_SECOND for region in REGIONS])
    heads = ["answered from the gateway's cache"] + [f"{architecture}, {region}" for architecture in GB_SECOND for region in REGIONS]
    return table(heads, rows)


def monthly():
    series = METRICS * OUTCOMES
    rows = [
        [f"metrics: {METRICS} for each of {OUTCOMES} outcomes, if each occurs", f"{series} x {money(METRIC_MONTH)}", money(series * METRIC_MONTH)],
        ["alarms, by the metrics that they look at", f"{alarm_metrics()} x {money(ALARM_METRIC_MONTH)}", money(alarm_metrics() * ALARM_METRIC_MONTH)],
        ["the dashboard (three are free in an account)", "", money(DASHBOARD_MONTH)],
        ["a secret for each service", "", money(SECRET_MONTH)],
    ]
    return table(["per month", "", ""], rows)


def lookups():
    # An instance asks at most once per TTL (60 s) for a service.
    calls = 30 * 24 * 3600 / 60
    rows = [
        ["Secrets Manager: one service, asked each minute by one instance", f"{calls:,.0f} calls", money(calls / 10_000 * API_CALLS_10_000)],
        ["X-Ray, with `Tracing` Active: 5 % of a million requests", "50,000 traces", money(0.05 * MILLION_TRACES)],
    ]
    return table(["beside that", "", ""], rows)


def main():
    text = PAGE.read_text()
    for name, make in [("parts", parts), ("savings", savings), ("cached", cached), ("monthly", monthly), ("lookups", lookups)]:
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
        found = pattern.search(text)
        check(f"{name}: has a place", found is not None, True)
        if sys.argv[1:] == ["--update"]:
            text = pattern.sub(lambda match: match[1] + make() + match[2], text)
        elif found is not None:
            check(f"{name}: as computed", found[0], f"<!-- {name} -->\n{make()}\n<!-- /{name} -->")
    if sys.argv[1:] == ["--update"]:
        PAGE.write_text(text)
    # What the page's words say, in its first lines.
    low, high = per_million("arm64", "us-east-1"), per_million("x86_64", "eu-west-1")
    check("the sums that the text names", f"{money(low)} to {money(high)}" in text, True)
    # By hand, so that the formulas are not their own proof: 2.15 s x 1000 / 4 x the price; 1,338 bytes x a million x $0.50.
    check("duration by hand", round(duration("x86_64"), 6), round(537.5 * 0.0000166667, 6))
    check("logs by hand", round(gigabytes("EMF") * 0.50, 4), 0.669)
    finish()


if __name__ == "__main__":
    main()
