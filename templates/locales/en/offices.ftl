# Offices: those the plan names, those that took over, those the procedure needs; members of leading groups.
offices-title = Offices
offices-lede = { $count } offices, of which the plan names { $named }. What was done keeps the name of its day; new tasks go to the successor.
offices-crumbs = Pages above
offices-office = Office
offices-source = Section of the plan
offices-not-in-the-plan = not in the plan
offices-succession = Days and succession
offices-posts = In post today
offices-until = until
offices-from = from
offices-successor = taken over by
offices-took-over = took over from
offices-members = { $count ->
    [one] One member
   *[other] { $count } members
  }
offices-and-others = and others
offices-no-members = The plan gives no list of members.
offices-of-the-plan = Named in the plan
offices-others = Not in the plan, needed by the procedure
offices-others-lede = The days on which successors began, and outside bodies, are invented for the demonstration.
offices-link = All offices and successions
