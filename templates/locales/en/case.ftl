case-title = Case
case-crumbs = Where you are
case-not-done = This was not done
case-kept = What you wrote is kept here and was not sent:
case-did = Done by { $by }:
case-ended-as = Ended: { $result }
case-record = Print the record
case-due = Due
case-no-due = No date is running now
case-why = Why
case-applicant = Applicant
case-started = Filed
case-ended = Ended
case-me = me
case-system = The system
case-and = {", "}
case-stop = .
case-pool = { $post }, { $offices }
case-person = { $name } ({ $post }, { $office })
case-by-applicant = { $name } (applicant)
case-act-title = Mine to do: { $step }
case-outcome = What it comes to
case-no-opinion-needed = No opinion needed.
case-with-fields = Fill in the fields below.
case-fields = With “{ $outcomes }”, fill in
case-opinion = Opinion
case-opinion-hint = Say what you conclude and why. It stands in the record with your name, post and the time, and cannot be changed later.
case-opinion-missing = Write an opinion
case-complete = Send
case-edits-form = This is done under My projects.
case-edits-form-go = Go there
case-withdraw = Withdraw the application
case-return = Send back to an earlier step
case-return-to = Send back to
case-return-reason = Reason
case-return-button = Send back
case-release = Give back
case-open-tasks = In progress
case-asks = To be done by { $who }
case-claimed-by = , claimed by { $who }
case-by = Due
case-could = Who could: { $who }.
case-no-tasks = Nobody is asked right now: the case waits for a period to end, for the system, or for word from elsewhere.
case-no-tasks-ended = The case has ended; nobody is asked.
case-terms = Limits
case-no-terms = No limit is running.
case-no-date-yet = set once the calendar is published
case-left = { $days ->
    [one] { $days } working day left
   *[other] { $days } working days left
}
case-late = { $days ->
    [one] { $days } working day late
   *[other] { $days } working days late
}
case-late-holiday = late, no working day since
case-due-today = due today
case-documents = Documents
case-document = Document
case-document-number = Number
case-document-at = Issued
case-amounts = Reserved and waiting
case-hold = { $account }: “{ $step }” reserved { $amount }
case-waiting = { $account }: waiting for { $amount }, in line since
case-amount-m2 = { $amount } m²
case-amount-yuan = { $amount } CNY
case-papers = Papers
case-papers-changed = { $count ->
    [one] One change since submission { $from }: the old is struck through, the new is marked, and it says “changed”.
   *[other] { $count } changes since submission { $from }: the old is struck through, the new is marked, and each says “changed”.
}
case-submission = Submission { $place }
case-changed = changed
case-was = was:
case-is = is now:
case-empty = (left out)
case-erased = The content was erased as the rules require; its digest stays in the record.
case-pictures = The way
case-picture-alt = The way of { $title } with what is done, in progress and waiting; the list below says the same
case-picture-list = As a list
case-picture-lanes = By office, on a page of its own
case-sheet = Approval sheet
case-state-done = ✓ done
case-state-here = ● in progress
case-state-waiting = ◷ waiting
case-state-late = ! late
case-state-skipped = – skipped
case-history = What happened
case-history-all = All
case-history-count = { $count ->
    [one] One entry
   *[other] { $count } entries, the newest first
}
case-history-none = Nothing has happened in this link yet.
case-history-earlier = { $count } earlier entries
case-act = act { $seq }
case-deemed = by law: { $basis }
case-table = table: { $why }
case-done-by-another = { $who } answered this task at { $at } with “{ $outcome }”. What you wrote was not sent.
case-closed-by-another = This task was closed at { $at } by what { $who } did. What you wrote was not sent.
case-could-read = It is now with { $who }; ask there.
case-could-read-closed = Supervision and audit may read it.


term-title = { $number }: how the { $kind } came about
term-crumb = Why this date
term-heading = Why this date: { $kind }
term-kind = Limit
term-length = Length
term-due-day = Due
term-provisional = provisional
term-provisional-why = The calendar is not published that far yet; the date is provisional.
term-stopped-since = stands still since { $day }
term-from-outcome = Counted from { $day }, when “{ $step }” ended as “{ $outcome }”, that day left out;{" "}
term-from-received = Counted from { $day }, when the papers were received, that day left out;{" "}
term-from-entered = Counted from { $day }, that day left out;{" "}
term-within = a limit of { $within };{" "}
term-extended = extended by { $by };{" "}
term-left-out = { $days } days are left out by rule;{" "}
term-due = so it is due on { $day } ({ $left }).
term-due-if-resumed = it stands still now; resumed today, it would be due on { $day }.
term-due-unknown = the date is known once the calendar is published.
term-met = Met on { $day }
term-closed = Ended with its link on { $day }
term-basis = Basis: { $basis }.
term-calendar = Counted by { $title } ({ $version }).
term-stops = Left out
term-stop-cause = Cause
term-stop-from = First day
term-stop-until = Last day
term-stop-days = Days
term-days = Day by day
term-days-hint = { $counted ->
    [one] One day counted. Each day below says whether it counts and why.
   *[other] { $counted } days counted. Each day below says whether it counts and why.
}
term-month-counted = { $counted } counted
term-day = Day
term-count = Counted
term-reason = Why
term-nth = day { $n }
term-not-counted = no
term-today = today
term-rungs = Reminders to come
term-extend = Extend: { $kind }, { $link }
term-extend-by = By how many days (at most { $most })
term-extend-reason = Reason (the applicant is told)
term-extend-button = Extend
term-extend-who = An extension needs the { $post }.

cases-title = Cases
cases-hint = A full number or the beginning of a project’s name is looked for among all cases, a part of one among the newest ten thousand.
cases-own = Only the cases you filed are listed here.
cases-workflow = Procedure
cases-any-workflow = All procedures
cases-find = Find
cases-by-state = By state
cases-any = All
cases-running = Running
cases-ended = Ended
cases-result = Result
cases-count = { $count ->
    [one] One case
   *[other] { $count } cases, the newest first
}
cases-count-more = { $count } cases or more, the newest first
cases-empty = No cases yet
cases-empty-how = A case appears here once an application is filed.
cases-none-found = Nothing fits
cases-none-found-how = Check the number, or try another beginning of the name.
term-reminder-o-yellow = due soon
term-reminder-o-today = due today
term-reminder-o-red = overdue
term-reminder-o-dark = past the law
term-reminder-o-special-due = special procedure due
term-reminder-o-consult-due = consultation due
term-reminder-o-archive = to be archived
term-reminder-o-deliver = to be served
term-reminder-a-correction-due = tells the applicant when the correction is due
term-reminder-a-late = tells the applicant why it is late
term-reminder-o-task = a task is open
term-reminder-o-consult = consultation
term-reminder-a-tolerant-due = tells the applicant when the missing papers are due
term-held-by = { $why }: { $causes }
term-stop-open = until now
