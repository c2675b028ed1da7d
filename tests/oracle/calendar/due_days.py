#!/usr/bin/env python3
"""Works out due days without Greenlane: `due_days.py [COUNT]` writes questions with their answers, 5000 unless said otherwise.

Each term is walked one day at a time, and each day is looked up in the data set chinese-calendar (PyPI, version and digest in
requirements.txt beside this file). Nothing is read from the program: neither its calendar nor its code. The questions follow from their
numbers alone, through SHA-256, so that every machine and every version of Python writes the same file.

The rules are those of the law: the start day is not counted (民法典 201); a day on which the term stood still is not counted, both ends of
the interval included; an extension is counted on from where the term ends; a limit in calendar days whose last day is a day off of a
statutory holiday moves to the next working day (民法典 203), a plain weekend does not move it.
"""

import hashlib
import sys
from datetime import date, timedelta

import chinese_calendar

FIRST, LAST = date(2016, 1, 1), date(2026, 12, 31)
DAY = timedelta(days=1)
# Every length that a limit of the two plans' procedures has, and some that none has.
LENGTHS = [1, 2, 3, 5, 7, 8, 10, 15, 20, 28, 30, 40, 45, 54, 60, 90, 120]
EXTENSIONS = [1, 3, 5, 10, 15, 20, 30, 40]

HEAD = """\
# Due days worked out without Greenlane: tests/oracle/calendar/due_days.py (Python) over the data set chinese-calendar 1.11.0 (PyPI, MIT).
# tests/oracle/calendar/run writes this file anew and says whether it is still the same.
# Columns: start day, length, extension, pauses (days from the start day to the first, days long), due day.
# w = working days, c = calendar days, C = calendar days that end on their day even when that is a holiday;
# `?` behind a day: past 2026-12-31, provisional; `none N`: no date, N days counted when the data end.
"""


class Drawn:
    """Numbers that follow from the number of a question."""

    def __init__(self, question):
        self.bytes = b"".join(hashlib.sha256(f"greenlane due day {question}.{block}".encode()).digest() for block in range(4))
        self.at = 0

    def below(self, bound):
        number = int.from_bytes(self.bytes[self.at : self.at + 4], "big")
        self.at += 4
        return number % bound

    def one_of(self, several):
        return several[self.below(len(several))]


def ask(question, count):
    drawn = Drawn(question)
    # The years share the questions evenly, and within a year the days do.
    span = (LAST - FIRST).days + 1
    start = FIRST + DAY * (span * question // count + drawn.below(max(1, span // count)))
    length = (drawn.one_of(LENGTHS), drawn.one_of("wwwccC"))
    extension = (drawn.one_of(EXTENSIONS), drawn.one_of(["w", "c"])) if drawn.below(3) == 0 else None
    pauses = []
    for _ in range(drawn.one_of([0, 0, 1, 1, 1, 2, 3])):
        # Before the start, inside and past the end; overlapping or not.
        pauses.append((drawn.below(length[0] + 20) - 4, 1 + drawn.below(25)))
    return start, length, extension, pauses


def works(day):
    """Whether the day is worked; None where the data end."""
    return None if day > LAST else chinese_calendar.is_workday(day)


def statutory_day_off(day):
    off, name = chinese_calendar.get_holiday_detail(day)
    return off and name is not None


def answer(start, length, extension, pauses):
    still = {start + DAY * (skip + n) for skip, long in pauses for n in range(long)}
    today, counted, known = start, 0, 0
    for number, unit in filter(None, [length, extension]):
        unit = unit.lower()
        goal = counted + number
        while counted < goal:
            today += DAY
            worked = works(today)
            if unit == "w" and worked is None:
                return f"none {known}"
            if today not in still and (unit == "c" or worked):
                counted += 1
            if today <= LAST:
                known = counted
    if today > LAST:
        return f"{today:%Y%m%d}?"
    last_unit = extension[1] if extension else length[1]
    if last_unit == "c" and length[1] != "C" and statutory_day_off(today):
        moved = today
        while moved in still or not works(moved):
            moved += DAY
            if moved > LAST:
                return f"{today:%Y%m%d}?"
        today = moved
    return f"{today:%Y%m%d}"


def written(question, count):
    start, length, extension, pauses = asked = ask(question, count)
    span = lambda of: f"{of[0]}{of[1]}" if of else "-"
    stood = ",".join(f"{skip}+{long}" for skip, long in pauses) or "-"
    return f"{start:%Y%m%d} {span(length)} {span(extension)} {stood} {answer(*asked)}"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    sys.stdout.write(HEAD)
    for question in range(count):
        print(written(question, count))


if __name__ == "__main__":
    main()
