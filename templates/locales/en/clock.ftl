clock-title = Demonstration clock
clock-now = It is now
clock-lede = Only a demonstration's clock can be moved, and only forward. What falls due on the way happens at once: reminders, what the law deems, lights, as when real time had passed.
clock-moved = The clock was moved:
clock-notices = { $count ->
    [one] One notice was made meanwhile;
   *[other] { $count } notices were made meanwhile;
}
clock-changed = { $count ->
    [one] one task changed its light.
   *[other] { $count } tasks changed their light.
}
clock-lights = The lights now
clock-light = Light
clock-count = Tasks
clock-fresh = Turned meanwhile
clock-hour = One hour on
clock-morning = To the next morning
clock-workday = One working day on
clock-week = One week on
clock-day = To which day
clock-time = What time
clock-set = Move the clock there
