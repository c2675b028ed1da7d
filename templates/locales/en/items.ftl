# Reform items: the list of the plan, units, approval, nodes, pace; projects the plan names.
items-title = Reform items
items-lede = { $count ->
    [one] One item
   *[other] { $count } items
  } in the order of the plan; plans approved: { $approved }. Progress can be reported only after the meeting of the leading group has approved the plan.
items-none = The plan of this place lists no reform items. Where a plan lists some, their units, nodes and pace stand here.
items-count = { $count ->
    [one] one item
   *[other] { $count } items
  }
items-tier-lead = Leads a reform of the city
items-tier-join = Takes part in a reform of the city
items-tier-own = Reforms of its own
items-tier-none = Other reform items
items-section = section of the plan
items-units = Responsible units
items-leads = leads
items-convention = (by convention; the plan does not say)
items-deliverables = What the plan wants delivered
items-approved = Plan approved
items-not-approved = Plan not approved
items-ended = Closed
items-nodes = Nodes
items-count-nodes = { $count }
items-roadmap = Roadmap
items-node-done = reached
items-node-missing = overdue
items-first = first date
items-pace-none = No timetable yet
items-pace-green = On schedule, missing
items-pace-yellow = Behind, missing
items-pace-red = Far behind, missing
items-count-named = { $count }
