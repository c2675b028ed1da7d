# My projects: progress, what is asked of me, corrections, withdrawal.
projects-title = My projects
projects-count = { $count } in all
projects-asked-count = { $count } waiting for you
projects-new = New application
projects-filed = received
projects-where = Where is it
projects-who = Who has it
projects-when = When will it be done
projects-when-step = When will this step be done
projects-past = This day has passed; it is not done yet
projects-todo = What must I do
projects-you = You
projects-between = On its way to the next step
projects-provisional = provisional
projects-why = Why this date
projects-no-date = No limit is set for this step
projects-by = by
projects-nothing-todo = Nothing now
projects-promised = due
projects-earlier = Earlier steps
projects-beside = (beside; nothing waits for it)
projects-since = since
projects-by-you = by you
projects-waits-timer = A period must pass, until
projects-waits-line = In line for quota
projects-waits-message = Waiting for a result from outside
projects-waits-time = A period must pass
projects-state-asked = Waiting for you
projects-state-running = In progress
projects-state-standing = Special procedure; time not counted
projects-state-late = Past the promised date
projects-state-late-by-law = Past the statutory date
projects-state-withdrawn = Withdrawn
projects-state-ended = Ended
projects-state-closed = Done
projects-empty = Every project you file appears here: where it is, who has it, when it will be done.
projects-empty-how = File your first application
projects-newest = Back to the newest
projects-older = Older projects
projects-drafts = Drafts not sent
projects-drafts-count = ({ $count })
projects-draft-answered = { $count } answered
projects-no-drafts = No drafts. Once you begin an application, every step is saved here.
projects-sent = Sent; the office has it.
projects-lines = Progress
projects-letters = Documents
projects-letters-count = { $count } in all
projects-letter = Document
projects-letter-number = Number
projects-letter-link = Case
projects-letter-at = Date
projects-no-letters = No documents yet. The receipt, the notice of acceptance and decisions appear here.
projects-submissions = What you sent
projects-first-submission = First submission
projects-resubmission = { $count ->
    [one] Correction, one change
   *[other] Correction, { $count } changes
 }
projects-receipt = Receipt of papers
projects-withdraw = Withdraw the application
projects-withdraw-title = Withdraw this application?
projects-withdraw-what = What will happen
projects-withdraw-tasks = { $count ->
    [one] One open task stops, and every link ends with it.
   *[other] { $count } open tasks stop, and every link ends with them.
 }
projects-withdraw-holds = { $count ->
    [one] One reservation of quota or money is given back at once to whoever is next in line.
   *[other] { $count } reservations of quota or money are given back at once to whoever is next in line.
 }
projects-withdraw-waiting = { $count ->
    [one] One place in line is given up.
   *[other] { $count } places in line are given up.
 }
projects-withdraw-record = Decisions, documents and the record stay and can be verified.
projects-withdraw-again = It cannot be undone. You may apply again, with a new place in order.
projects-withdraw-why = Reason
projects-withdraw-yes = Withdraw
projects-withdraw-no = Keep the application
projects-task-asked = What is asked of you
projects-task-nothing-said = Look over the application, correct it and send it.
projects-task-first = Mend these first
projects-task-none-meant = The list does not say which answer it means; find it below.
projects-task-others = Change something else
projects-task-other-papers = Add other papers
projects-task-outcome = Your answer
projects-task-opinion = Remarks
projects-task-changes = What will change
projects-task-send = Send the correction
projects-task-save = Save for later
projects-task-send-what = The office is told and goes on examining; please complete everything at once.
projects-due-step = limit of this step
projects-due-promised = promised
projects-due-statutory = by law
projects-urge = Urge
projects-urged = Passed on to whoever has it, and recorded.
projects-late-reason = Why it is late: { $reason }
projects-late-erased = Why it is late was erased
projects-late-expected = Now expected by
