# Indicators: targets and figures, verdicts, reporting, changes of the list.
indicators-title = Indicators
indicators-lede = { $count ->
    [one] One indicator.
   *[other] { $count } indicators.
  } Targets and sections come from the plan; figures are reported by offices, each with its source.
indicators-none = There are no indicators here yet. greenlane seed loads those of the plans.
indicators-crumbs = Pages above
indicators-caption = Shares are rounded down; nothing is judged before the year is over
indicators-indicator = Indicator
indicators-by = Year
indicators-year = { $year }
indicators-every-year = Every year:
indicators-no-year = the plan gives no year
indicators-goal = Target
indicators-above = above{" "}
indicators-value = Figure
indicators-share = Share of target
indicators-verdict = Verdict
indicators-document = Source
indicators-document-hint = The name and number of the bulletin, return or document.
indicators-dropped = Taken off the list
indicators-is-dropped = This indicator was taken off the list; its figures are kept.
indicators-lists = Versions of the list
indicators-list-number = Version { $number }
indicators-count = { $count ->
    [one] one indicator
   *[other] { $count } indicators
  }
indicators-act-planted = taken from the plan
indicators-act-added = added
indicators-act-dropped = taken off
indicators-section = section of the plan
indicators-item = reform item { $item }
indicators-targets = Targets and verdicts
indicators-figures = Figures on record
indicators-figures-caption = Newest day first; what was corrected is kept
indicators-on = Holds for the day
indicators-on-hint = For a figure of a year, its 31 December.
indicators-amount = Figure
indicators-reason = Reason for the correction
indicators-reason-when = needed when there is a figure for that day
indicators-reported = Reported by
indicators-corrected = corrected
indicators-no-figures = No figures on record yet. Once the office in charge reports one with the document it comes from, each figure and whether the target is met stand here.
indicators-plot-title = Own figures on record
indicators-plot-description = Each figure is drawn from its day until the next; the table below has them all
indicators-arranged = The plan does not say who reports; arranged here:
indicators-keeper = list kept by
indicators-done = It is on record.
indicators-report = Report a figure
indicators-report-lede = It goes into the audit record and is never deleted; to correct it, report another for the same day and say why.
indicators-series = Which figure
indicators-series-value = Our own
indicators-series-reference = What it is compared with
indicators-report-button = Report
indicators-drop = Take it off the list
indicators-drop-lede = It is judged no more; its figures are kept.
indicators-drop-reason = Why
indicators-drop-document = Document
indicators-drop-button = Take it off
