land-title = Land
land-lede = { $count ->
    [one] One quota account
   *[other] { $count } quota accounts
}, by year, region and kind. Issued is used, reserved, free and written off; no balance falls below zero. No notice promises a plot: industrial land is auctioned.
land-balances = Quota
land-newest = Newest postings
land-newest-caption = Newest first; an account opens all of its postings.
land-plots = Idle plots
land-plots-lede = Idle → listed → matched → transferred. A plot is offered to one at a time; a project that takes one uses no new quota.
land-plots-caption = Matches are scored by area, region and industry; the score only says whom to look at first.
land-plot = Plot
land-stage = Stage
land-area = Area
land-allowed = Use allowed
land-matches = Matches
land-score = { $score } of 100
land-why-area = ; wants{ " " }
land-no-match = No project fits
land-no-plots = No idle plot is registered yet. Once an operator has opened its account and its holder has filed, its area, use and the projects that fit stand here.
case-land-plots = Idle plots that would do
case-land-projects = Projects that would fit
case-land-lede = A project that takes an idle plot uses no new quota. The score only says whom to look at first; people decide.
case-land-public = Idle plots that are publicly listed and suit this project. One that takes an idle plot uses no new quota. Nothing is promised here; ask the land office for it.
case-land-wants = The project wants
case-land-region = Region
case-land-industry = Industry code
case-land-why = What speaks for it
land-stage-idle = Idle
land-stage-listed = Listed
land-stage-matching = Being matched
land-stage-transferring = Being transferred
land-stage-conveyed = Transferred
account-part-new = new construction land
account-part-balance = arable land replaced
account-part-linked = linked surplus
account-part-activation = activated idle land
account-part-grant = grants
account-part-equity = innovation fund
funds-title = Funds
funds-lede = { $count ->
    [one] One account of money
   *[other] { $count } accounts of money
}. What is intended fills no gap; only what is approved does. A gap holds up the funding link alone.
funds-balances = Money
funds-projects = Money of projects
funds-projects-lede = Only projects you may open. The gap is the total less what is approved; the link closes once it is zero or waived over a signature.
funds-projects-caption = Without instruments only what is approved is known.
funds-project = Project
funds-total = Total
funds-asked = Asked
funds-intended = Intended
funds-approved = Approved
funds-signed = Signed
funds-paid = Paid
funds-gap = Gap
funds-state = Funding link
funds-open = In hand
funds-met = Met
funds-waived = Gap waived
funds-over = Ended
funds-no-projects = No project that you may open has reached its funding link. It opens once a project is admitted; what it needs, what is approved and the gap then stand here.
funds-instruments = Instruments
funds-instruments-lede = The instruments the two plans name, with own capital and the budget's grants; where each is named stands in brackets.
funds-instruments-caption = Sums over the projects above.
funds-instrument = Instrument
funds-count = Projects
